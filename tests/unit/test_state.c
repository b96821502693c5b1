// SPDX-License-Identifier: GPL-2.0
/*
 * The state file, with a table of flows of before a restart and one of after
 * it. flows_fixture.h is the rest of the daemon.
 */
#include "flows_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "state.h"

static char directory[] = "/tmp/test_state.XXXXXX";
static char path[64], bad_path[64];
static struct state *file;

/* A daemon that uses the file. */
static struct fixture *begin(struct fixture *fx)
{
	assert_int_equal(state_new(&file, path), 0);
	state_load(file, fx->flows);
	return fx;
}

static char as_left[4096]; /* the file after so many notes */
static unsigned int notes_until_then;

static void read_file(char *text, size_t size);

static void note_in_file(void *data, const struct flow *flow,
			 enum flow_note what)
{
	(void)data;
	state_note(file, flow, what);
	if (notes_until_then && !--notes_until_then)
		read_file(as_left, sizeof(as_left));
}

static struct fixture *new_fixture(void)
{
	void *fx;

	flows_fixture_note = note_in_file;
	assert_int_equal(setup(&fx), 0);
	((struct fixture *)fx)->config.max_flows = 100000;
	return fx;
}

/* It is killed: what is in memory is lost, and the file left as it is. */
static void kill_it(struct fixture *fx)
{
	void *state = fx;

	state_free(file);
	file = NULL;
	teardown(&state);
}

static void write_file(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void read_file(char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, size - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	unlink(bad_path);
	return 0;
}

static void test_survival(void **state)
{
	struct firefly said =
		say(FIREFLY_START, THERE, 1094, HERE, 40000, 2, 9);
	struct fixture *fx = begin(new_fixture());
	int64_t start_us;

	(void)state;
	sample_tcp(fx, 1, 2, 3);
	strcpy(said.application, "xrdcp, of two words");
	assert_int_equal(start(fx, said), 0);
	start_us = fx->last.start_us;
	fx->sample.flow_id = 18;
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	assert_int_equal(end(fx,
			     say(FIREFLY_END, HERE, 1094, THERE, 40000, 0, 0)),
			 0);
	kill_it(fx);

	fx = new_fixture();
	sample_tcp(fx, 1, 2, 3);
	begin(fx);
	/* It is entered again, and nothing is said of it. */
	expect(fx, "mark 2001:db8::1:40000>2001:db8::2:1094 2/9;");
	assert_int_equal(flows_count(fx->flows), 1);
	assert_int_equal(end(fx,
			     say(FIREFLY_END, HERE, 40000, THERE, 1094, 0, 0)),
			 0);
	expect(fx, "end 2/9;unmark;");
	assert_string_equal(fx->last.application, "xrdcp, of two words");
	assert_true(fx->last.start_us == start_us);
	assert_int_equal(fx->last.key.sport, 1094);
	kill_it(fx);

	fx = begin(new_fixture());
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 0);
	kill_it(fx);
}

/* The lines of a file, up to any of them: as if it was killed behind that. */
static void load_lines(struct fixture *fx, const char *lines)
{
	char text[4096], boot_id[64] = "";
	FILE *id = fopen("/proc/sys/kernel/random/boot_id", "r");

	assert_non_null(id);
	assert_non_null(fgets(boot_id, sizeof(boot_id), id));
	fclose(id);
	snprintf(text, sizeof(text), "scitagd-state 1 current %s%s", boot_id,
		 lines);
	write_file(text, strlen(text));
	begin(fx);
}

#define OPEN                                                           \
	"open 7 announced src tcp 2001:db8::1 1094 2001:db8::2 40000 " \
	"3 14 1000000 17\n"
#define MARK "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;"

static void check_killed(const char *lines, const char *calls, size_t open)
{
	struct fixture *fx = new_fixture();

	sample_tcp(fx, 1, 2, 3);
	load_lines(fx, lines);
	expect(fx, calls);
	assert_int_equal(flows_count(fx->flows), open);
	if (calls[0])
		assert_true(fx->last.start_us == 0 ||
			    fx->last.start_us == 1000000);
	kill_it(fx);
	/* Once. */
	fx = new_fixture();
	sample_tcp(fx, 1, 2, 3);
	begin(fx);
	expect(fx, open ? MARK : "");
	kill_it(fx);
}

static void test_killed(void **state)
{
	(void)state;
	check_killed("", "", 0);
	check_killed(OPEN, MARK "start 3/14;", 1);
	check_killed(OPEN "told 7\n", MARK, 1);
	check_killed(OPEN "told 7\nending 7 2000000\n", "end 3/14;unmark;", 0);
	check_killed(OPEN "told 7\nending 7 2000000\ntold 7\n", "unmark;", 0);
	check_killed(OPEN "told 7\nending 7 2000000\ntold 7\nclosed 7\n", "",
		     0);
	/* Retagged, and a last line that is not whole. */
	check_killed(
		"open 7 announced src tcp 2001:db8::1 1094 2001:db8::2 "
		"40000 5 5 900000 17\ntold 7\nending 7 1000000\ntold 7\n" OPEN
		"tol",
		MARK "start 3/14;", 1);
}

/*
 * Killed again while it finds what has ended: that is told of once, and the
 * rest is not forgotten.
 */
static void test_killed_twice(void **state)
{
	struct fixture *fx = new_fixture();

	(void)state;
	/* The end of the first is reported, and is not yet known to be. */
	notes_until_then = 1;
	load_lines(fx, "open 7 rule src tcp 2001:db8::1 1 2001:db8::2 2 3 14 "
		       "1000000 17\ntold 7\n"
		       "open 8 rule src tcp 2001:db8::1 3 2001:db8::2 4 5 6 "
		       "1000000 18\ntold 8\ntol");
	expect(fx, "end 3/14;unmark;end 5/6;unmark;");
	kill_it(fx);
	write_file(as_left, strlen(as_left));
	fx = begin(new_fixture());
	expect(fx, "end 3/14;unmark;end 5/6;unmark;");
	kill_it(fx);

	/* Now it is. */
	fx = new_fixture();
	notes_until_then = 3;
	load_lines(fx, "open 7 rule src tcp 2001:db8::1 1 2001:db8::2 2 3 14 "
		       "1000000 17\ntold 7\n"
		       "open 8 rule src tcp 2001:db8::1 3 2001:db8::2 4 5 6 "
		       "1000000 18\ntold 8\n");
	kill_it(fx);
	write_file(as_left, strlen(as_left));
	fx = begin(new_fixture());
	expect(fx, "end 5/6;unmark;");
	kill_it(fx);
}

static void test_kernel(void **state)
{
	struct fixture *fx = new_fixture();

	(void)state;
	/* The kernel does not have it, and does not take it. */
	load_lines(fx, OPEN "told 7\n");
	expect(fx, MARK);
	assert_int_equal(flows_count(fx->flows), 1);
	kill_it(fx);
	fx = new_fixture();
	fx->no_kernel = true;
	load_lines(fx, OPEN "told 7\n");
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 1);
	kill_it(fx);

	/* It has closed meanwhile. */
	fx = new_fixture();
	sample_tcp(fx, 10, 20, 30);
	fx->sample.has_tcp = false;
	fx->sample.closed_from = 8;
	load_lines(fx, OPEN "told 7\n");
	expect(fx, "end 3/14;unmark;");
	kill_it(fx);

	/* The kernel has ended what a rule has made; or there is another. */
	fx = new_fixture();
	load_lines(fx, "open 7 rule src tcp 2001:db8::1 1 2001:db8::2 2 3 14 "
		       "1000000 17 iperf3\ntold 7\n");
	expect(fx, "end 3/14;unmark;");
	assert_string_equal(fx->last.application, "iperf3");
	kill_it(fx);
	fx = new_fixture();
	sample_tcp(fx, 1, 2, 3);
	fx->sample.flow_id = 18;
	load_lines(fx, "open 7 rule src tcp 2001:db8::1 1 2001:db8::2 2 3 14 "
		       "1000000 17\ntold 7\n");
	expect(fx, "end 3/14;unmark;");
	kill_it(fx);
	fx = new_fixture();
	sample_tcp(fx, 1, 2, 3);
	load_lines(fx, "open 7 rule src tcp 2001:db8::1 1 2001:db8::2 2 3 14 "
		       "1000000 17\ntold 7\n");
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 1);
	kill_it(fx);
}

/* This host was started since: no connection of then is there. */
static void test_reboot(void **state)
{
	static const char text[] = "scitagd-state 1 current another-boot\n" OPEN
				   "told 7\n";
	struct fixture *fx = new_fixture();

	(void)state;
	sample_tcp(fx, 1, 2, 3);
	write_file(text, strlen(text));
	begin(fx);
	expect(fx, "end 3/14;unmark;");
	assert_true(fx->last.end_us > fx->last.start_us);
	kill_it(fx);
}

static void check_bad(const char *text, size_t len)
{
	struct fixture *fx = new_fixture();
	struct stat st;

	write_file(text, len);
	begin(fx);
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 0);
	assert_int_equal(stat(bad_path, &st), 0);
	assert_int_equal(st.st_size, len);
	/* It goes on with a new one. */
	fx->no_kernel = true;
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	kill_it(fx);
	fx = new_fixture();
	fx->no_kernel = true;
	begin(fx);
	assert_int_equal(flows_count(fx->flows), 1);
	kill_it(fx);
	clean(NULL);
}

static void test_bad(void **state)
{
	static const char *const texts[] = {
		"x\n",
		"no newline",
		"scitagd-state 2 current x\n",
		"scitagd-state 1 current\n",
		"scitagd-state 1 current x\nopen 7\n",
		"scitagd-state 1 current x\ntold 7\n",
		"scitagd-state 1 current x\n" OPEN "told 8\n",
		"scitagd-state 1 current x\n" OPEN "told 7 8\n",
		"scitagd-state 1 current x\n" OPEN "ending 7\n",
		"scitagd-state 1 current x\n" OPEN "ending 7 -1\n",
		"scitagd-state 1 current x\n\n",
		"scitagd-state 1 current x\nopen -1 announced src tcp ::1 1 ::1 2 1 1 1 1\n",
		"scitagd-state 1 current x\nopen 1 someone src tcp ::1 1 ::1 2 1 1 1 1\n",
		"scitagd-state 1 current x\nopen 1 rule src tcp ::1 0 ::1 2 1 1 1 1\n",
		"scitagd-state 1 current x\nopen 1 rule src tcp ::1 1 1.1.1.1 2 1 1 1 1\n",
	};
	char text[2048];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_bad(texts[i], strlen(texts[i]));
	/* What a power cut may leave. */
	memset(text, 0, sizeof(text));
	strcpy(text + 1000, "\n");
	check_bad(text, sizeof(text));
	memset(text, 'x', sizeof(text));
	text[2000] = '\n';
	check_bad(text, sizeof(text));
}

/* Two daemons do not share it. */
static void test_locked(void **state)
{
	struct fixture *fx = begin(new_fixture());
	struct state *other;

	(void)state;
	assert_int_equal(state_new(&other, path), -EWOULDBLOCK);
	kill_it(fx);
}

static void test_compaction(void **state)
{
	struct fixture *fx = begin(new_fixture());
	struct stat st;
	uint32_t i;

	(void)state;
	fx->no_kernel = true;
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	for (i = 0; i < 40000; i++) {
		struct firefly f = say(FIREFLY_START, HERE, 1, THERE, 1, 3, 14);

		assert_int_equal(start(fx, f), 0);
		assert_int_equal(end(fx, f), 0);
		fx->calls[0] = '\0';
	}
	assert_int_equal(stat(path, &st), 0);
	/* Of 200 octets each. */
	assert_in_range(st.st_size, 100, 5 << 20);
	kill_it(fx);
	fx = new_fixture();
	fx->no_kernel = true;
	begin(fx);
	assert_int_equal(flows_count(fx->flows), 1);
	kill_it(fx);
}

static void limit_files(rlim_t max)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No file may grow: the same to a writer as a disk that is full. */
static void test_full(void **state)
{
	struct fixture *fx = new_fixture();
	char text[4096];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	fx->no_kernel = true;
	begin(fx);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	assert_true(state_is_well(file));
	read_file(text, sizeof(text));
	limit_files(strlen(text) + 20);
	assert_int_equal(start(fx,
			       say(FIREFLY_START, HERE, 1, THERE, 1, 3, 14)),
			 0);
	assert_false(state_is_well(file));
	read_file(text, sizeof(text));
	assert_memory_equal(text, "scitagd-state 1 old     ", 24);
	assert_string_equal(text + strlen(text) - 7, "told 1\n");
	state_compact(file);
	assert_false(state_is_well(file));

	/* There is room again. */
	limit_files(RLIM_INFINITY);
	state_compact(file);
	assert_true(state_is_well(file));
	kill_it(fx);
	fx = new_fixture();
	fx->no_kernel = true;
	begin(fx);
	assert_int_equal(flows_count(fx->flows), 2);
	kill_it(fx);
}

/* A file that is put aside is evidence, also on a disk that is full. */
static void test_bad_and_full(void **state)
{
	static const char bad[] = "not a state file, of some more octets\n";
	struct fixture *fx = new_fixture();
	char text[4096];

	(void)state;
	fx->no_kernel = true;
	write_file(bad, strlen(bad));
	limit_files(0);
	begin(fx);
	assert_false(state_is_well(file));
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	limit_files(RLIM_INFINITY);
	assert_int_equal(rename(bad_path, path), 0);
	read_file(text, sizeof(text));
	assert_string_equal(text, bad);

	/* There is room again. */
	state_compact(file);
	assert_true(state_is_well(file));
	kill_it(fx);
	fx = new_fixture();
	fx->no_kernel = true;
	begin(fx);
	assert_int_equal(flows_count(fx->flows), 1);
	kill_it(fx);
}

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/state", directory);
	snprintf(bad_path, sizeof(bad_path), "%s/state.bad", directory);
	return 0;
}

static int remove_directory(void **state)
{
	clean(state);
	return rmdir(directory);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, clean)
	const struct CMUnitTest tests[] = {
		TEST(test_survival),	 TEST(test_killed),
		TEST(test_kernel),	 TEST(test_reboot),
		TEST(test_bad),		 TEST(test_locked),
		TEST(test_full),	 TEST(test_compaction),
		TEST(test_killed_twice), TEST(test_bad_and_full),
	};

	log_set_level(LOG_EMERG);
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
