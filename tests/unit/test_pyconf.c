// SPDX-License-Identifier: GPL-2.0
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pyconf.h"
#include "yamltree.h"

static char error[PYCONF_ERROR_MAX];

/* The tree of a text, as JSON. */
static void parse(const char *text, const char *expected)
{
	struct json_object *tree = pyconf_parse(text, "FILE", error);

	if (!tree)
		fail_msg("%s", error);
	assert_string_equal(json_object_to_json_string_ext(
				    tree,
				    JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	json_object_put(tree);
}

static void refuse(const char *text, const char *expected)
{
	assert_null(pyconf_parse(text, "FILE", error));
	assert_string_equal(error, expected);
}

static void test_values(void **state)
{
	(void)state;
	parse("", "{}");
	parse("# nothing\n\n \t\n", "{}");
	parse("A='x'", "{\"A\":\"x\"}");
	parse("A = \"it's\" # not 'this'\nB_2=u'#'\n",
	      "{\"A\":\"it's\",\"B_2\":\"#\"}");
	parse("A=1;B=-2.5\nC=True\nX=False\nE=None\r\n",
	      "{\"A\":\"1\",\"B\":\"-2.5\",\"C\":\"True\",\"X\":\"False\","
	      "\"E\":\"\"}");
	parse("A='a\\n\\t\\\\\\'\\\"'\nB=r'a\\n'\n",
	      "{\"A\":\"a\\n\\t\\\\'\\\"\",\"B\":\"a\\\\n\"}");
	parse("A='x'\nA='y'", "{\"A\":\"y\"}");
	parse("A='x' 'y'\nB = \\\n 3\n", "{\"A\":\"xy\",\"B\":\"3\"}");
}

static void test_sequences(void **state)
{
	(void)state;
	parse("A=()\nB=[]\nC=('x')\nX=('x',)\nE=['x']\nF='x',\n",
	      "{\"A\":[],\"B\":[],\"C\":\"x\",\"X\":[\"x\"],\"E\":[\"x\"],"
	      "\"F\":[\"x\"]}");
	parse("A=[(1, 2), # one\n   (3,\n4,),\n]\nB='x', 'y'\nC=('x'\n 'y')",
	      "{\"A\":[[\"1\",\"2\"],[\"3\",\"4\"]],\"B\":[\"x\",\"y\"],"
	      "\"C\":\"xy\"}");
}

static void test_lines(void **state)
{
	struct json_object *tree, *list;

	(void)state;
	tree = pyconf_parse("# one\nA=1\n\nB=[\n'x',\n'y']\nC=2", "FILE",
			    error);
	assert_non_null(tree);
	list = json_object_object_get(tree, "B");
	assert_int_equal(yamltree_line(json_object_object_get(tree, "A")), 2);
	assert_int_equal(yamltree_line(list), 4);
	assert_int_equal(yamltree_line(json_object_array_get_idx(list, 1)), 6);
	assert_int_equal(yamltree_line(json_object_object_get(tree, "C")), 7);
	json_object_put(tree);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("import os\n", "FILE:1: no assignment of a literal");
	refuse("A=1\n\nif A:\n  B=2\n", "FILE:3: no assignment of a literal");
	refuse("A=", "FILE:1: a value that is no literal");
	refuse("A=\n1\n", "FILE:1: a value that is no literal");
	refuse("A=os.path\n", "FILE:1: a value that is no literal");
	refuse("A={'a': 1}\n", "FILE:1: a value that is no literal");
	refuse("A='x\n", "FILE:1: a string without an end");
	refuse("A='''x\ny'''\n", "FILE:1: a string without an end");
	refuse("A='x\\", "FILE:1: a \\ that is not known");
	refuse("# \xc3\xa9\nA='\xeb'\n",
	       "FILE:2: a character that is not ASCII");
	refuse("A=('\\x41')\n", "FILE:1: a \\ that is not known");
	refuse("A=(\n1 2)\n", "FILE:2: a sequence that does not go on");
	refuse("A=1, 2 3\n", "FILE:1: a sequence that does not go on");
	refuse("A=(1,\n", "FILE:2: a value that is no literal");
	refuse("A=(1", "FILE:1: a sequence that does not go on");
	refuse("A=[1)\n", "FILE:1: a sequence that does not go on");
	refuse("A=1 + 2\n", "FILE:1: something behind the value");
	refuse("A=[[[[[[[[[1]]]]]]]]]\n", "FILE:1: nested too deep");
	refuse("A=B=1\n", "FILE:1: a value that is no literal");
}

/* None of them makes it read beyond the end. */
static void test_truncated(void **state)
{
	static const char text[] = "# x\nA = ('a\\n', u\"b\" r'c', [1, (2,)])\n"
				   "B = True, \\\n None;C=1\n";
	char part[sizeof(text)];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text); len++) {
		memcpy(part, text, len);
		part[len] = '\0';
		json_object_put(pyconf_parse(part, "FILE", error));
		pyconf_is(part);
	}
	assert_non_null(strstr(part, "C=1"));
}

static void test_is(void **state)
{
	(void)state;
	assert_true(pyconf_is("PLUGIN='x'\n"));
	assert_true(pyconf_is("\n# a: b\n  _P2 \t= 1"));
	assert_false(pyconf_is(""));
	assert_false(pyconf_is("plugins:\n  api: {}\n"));
	assert_false(pyconf_is("{\"plugins\": {}}"));
	assert_false(pyconf_is("---\na: b=c\n"));
	assert_false(pyconf_is("2=1"));
	assert_false(pyconf_is("a == b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
