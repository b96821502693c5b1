// SPDX-License-Identifier: GPL-2.0
#include "topscreen.h"

#include <ctype.h>
#include <curses.h>
#include <errno.h>
#include <json-c/json.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "top_json.h"

/* Lines on top: totals, what is chosen, headings; and one for keys below. */
#define LINES_ABOVE 3
#define LINES_BELOW 1

/* Between columns. */
#define GAP 2

#define KEY_ESCAPE 27

/* Milliseconds to wait for the rest of a key's sequence. */
#define ESCAPE_DELAY_MS 100

struct topscreen {
	SCREEN *terminal;
	int width[TOPLIST_KEYS]; /* that a column has had so far */
	char **cells; /* of the rows on the screen */
	size_t n_cells;
};

int topscreen_open(struct topscreen **out)
{
	struct topscreen *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return -ENOMEM;
	setlocale(LC_CTYPE, "");
	screen->terminal = newterm(NULL, stdout, stdin);
	if (!screen->terminal) {
		free(screen);
		return -ENOENT;
	}
	set_escdelay(ESCAPE_DELAY_MS);
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	*out = screen;
	return 0;
}

static void free_cells(struct topscreen *screen)
{
	size_t i;

	for (i = 0; i < screen->n_cells; i++)
		free(screen->cells[i]);
	free(screen->cells);
	screen->cells = NULL;
	screen->n_cells = 0;
}

void topscreen_close(struct topscreen *screen)
{
	if (!screen)
		return;
	free_cells(screen);
	endwin();
	delscreen(screen->terminal);
	free(screen);
}

/* As many columns of a text as there is room for. Returns how many. */
static int put(int y, int x, const char *text, int room)
{
	int width = 0;
	size_t len;

	for (len = 0; text[len]; len++) {
		if (((unsigned char)text[len] & 0xc0) == 0x80)
			continue;
		if (width == room)
			break;
		width++;
	}
	mvaddnstr(y, x, text, len);
	return width;
}

static void draw_totals(const struct toplist *list)
{
	char out_text[TOP_RATE_MAX], in_text[TOP_RATE_MAX], text[256];
	double out = 0, in = 0;
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm tm;
	size_t i;

	for (i = 0; i < list->n; i++) {
		out += list->flows[i].out;
		in += list->flows[i].in;
	}
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%T", &tm);
	snprintf(text, sizeof(text),
		 "scitag top  %s  %zu flows, %zu shown  out %s  in %s", clock,
		 list->n, list->shown, top_rate_text(out_text, out),
		 top_rate_text(in_text, in));
	put(0, 0, text, COLS);
}

static void draw_choice(const struct topscreen_view *view, const char *error)
{
	char text[512];

	if (error[0])
		attron(A_BOLD);
	if (error[0])
		snprintf(text, sizeof(text), "%s", error);
	else
		snprintf(text, sizeof(text), "sorted by %s%s%s%s%s",
			 toplist_key_name(view->key),
			 view->reverse ? ", reversed" : "",
			 view->filter[0] ? "  filter: " : "", view->filter,
			 view->paused ? "  paused" : "");
	put(1, 0, text, COLS);
	attroff(A_BOLD);
}

static void draw_keys(const struct topscreen_view *view)
{
	char text[TOPSCREEN_FILTER_MAX + 16];

	if (view->typing)
		snprintf(text, sizeof(text), "filter: %s_", view->typed);
	else
		snprintf(text, sizeof(text),
			 "q quit  < > sort  r reverse  / filter  p pause  "
			 "arrows move");
	put(LINES - 1, 0, text, COLS);
}

/* The texts of the rows that are to be seen; no memory: none. */
static size_t make_cells(struct topscreen *screen, const struct toplist *list,
			 size_t first, size_t rows)
{
	char text[OUTPUT_TEXT_MAX];
	size_t row, i;

	free_cells(screen);
	if (first >= list->shown)
		return 0;
	if (rows > list->shown - first)
		rows = list->shown - first;
	screen->cells = calloc(rows * TOPLIST_KEYS, sizeof(char *));
	if (!screen->cells)
		return 0;
	screen->n_cells = rows * TOPLIST_KEYS;
	for (row = 0; row < rows; row++) {
		struct json_object *object =
			top_json_new(&list->flows[first + row], list->registry);

		for (i = 0; i < TOPLIST_KEYS; i++) {
			output_field_text(text, &top_columns[i], object);
			screen->cells[row * TOPLIST_KEYS + i] =
				strdup(text[0] ? text : "-");
		}
		json_object_put(object);
	}
	return rows;
}

static const char *cell(const struct topscreen *screen, size_t row, size_t i)
{
	const char *text = screen->cells[row * TOPLIST_KEYS + i];

	return text ? text : "";
}

/* Columns only become wider, so that they don't dance. */
static void set_widths(struct topscreen *screen, size_t rows)
{
	size_t row, i;

	for (i = 0; i < TOPLIST_KEYS; i++) {
		int *width = &screen->width[i];

		if (output_text_width(top_columns[i].heading) > *width)
			*width = output_text_width(top_columns[i].heading);
		for (row = 0; row < rows; row++)
			if (output_text_width(cell(screen, row, i)) > *width)
				*width =
					output_text_width(cell(screen, row, i));
	}
}

/* One line of the table: headings, or a row. */
static void draw_line(const struct topscreen *screen,
		      const struct topscreen_view *view, int y, size_t row,
		      bool headings)
{
	int x = 0;
	size_t i;

	for (i = view->first_column; i < TOPLIST_KEYS && x < COLS; i++) {
		const char *text = headings ? top_columns[i].heading :
					      cell(screen, row, i);
		int indent = 0;

		if (top_columns[i].right)
			indent = screen->width[i] - output_text_width(text);
		if (headings && i == view->key)
			attron(A_UNDERLINE);
		if (x + indent < COLS)
			put(y, x + indent, text, COLS - x - indent);
		attroff(A_UNDERLINE);
		x += screen->width[i] + GAP;
	}
}

static size_t rows_on_screen(void)
{
	return LINES > LINES_ABOVE + LINES_BELOW ?
		       LINES - LINES_ABOVE - LINES_BELOW :
		       0;
}

void topscreen_draw(struct topscreen *screen, struct topscreen_view *view,
		    const struct toplist *list, const char *error)
{
	size_t rows = rows_on_screen();
	size_t row;

	if (view->first_row + rows > list->shown)
		view->first_row = list->shown > rows ? list->shown - rows : 0;
	rows = make_cells(screen, list, view->first_row, rows);
	set_widths(screen, rows);
	erase();
	draw_totals(list);
	draw_choice(view, error);
	attron(A_REVERSE);
	mvhline(2, 0, ' ', COLS);
	draw_line(screen, view, 2, 0, true);
	attroff(A_REVERSE);
	for (row = 0; row < rows; row++)
		draw_line(screen, view, LINES_ABOVE + (int)row, row, false);
	draw_keys(view);
	refresh();
}

static void type_key(struct topscreen_view *view, int key)
{
	size_t len = strlen(view->typed);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		strcpy(view->filter, view->typed);
		view->first_row = 0;
		view->typing = false;
	} else if (key == KEY_ESCAPE) {
		view->typing = false;
	} else if (key == KEY_BACKSPACE || key == '\b' || key == 0x7f) {
		view->typed[len ? len - 1 : 0] = '\0';
	} else if (key < 0x7f && isprint(key) &&
		   len + 1 < sizeof(view->typed)) {
		view->typed[len] = key;
		view->typed[len + 1] = '\0';
	}
}

/* Towards the beginning or the end; drawing brings it back from beyond that. */
static void move_rows(struct topscreen_view *view, long by)
{
	if (by < 0 && view->first_row < (size_t)-by)
		view->first_row = 0;
	else
		view->first_row += by;
}

static void move_columns(struct topscreen_view *view, int key)
{
	if (key == KEY_LEFT && view->first_column)
		view->first_column--;
	else if (key == KEY_RIGHT && view->first_column + 1 < TOPLIST_KEYS)
		view->first_column++;
}

static void press(struct topscreen_view *view, int key)
{
	long page = rows_on_screen();

	switch (key) {
	case 'q':
	case 'Q':
		view->quit = true;
		break;
	case '<':
		view->key = (view->key + TOPLIST_KEYS - 1) % TOPLIST_KEYS;
		break;
	case '>':
		view->key = (view->key + 1) % TOPLIST_KEYS;
		break;
	case 'r':
		view->reverse = !view->reverse;
		break;
	case 'p':
	case ' ':
		view->paused = !view->paused;
		break;
	case '/':
		view->typing = true;
		strcpy(view->typed, view->filter);
		break;
	case KEY_UP:
	case KEY_DOWN:
		move_rows(view, key == KEY_UP ? -1 : 1);
		break;
	case KEY_PPAGE:
	case KEY_NPAGE:
		move_rows(view, key == KEY_PPAGE ? -page : page);
		break;
	case KEY_HOME:
		view->first_row = 0;
		break;
	case KEY_LEFT:
	case KEY_RIGHT:
		move_columns(view, key);
		break;
	}
}

void topscreen_read(struct topscreen *screen, struct topscreen_view *view)
{
	int key;

	(void)screen;
	/* KEY_RESIZE needs nothing: all is drawn anew. */
	while ((key = getch()) != ERR) {
		if (view->typing)
			type_key(view, key);
		else
			press(view, key);
	}
}
