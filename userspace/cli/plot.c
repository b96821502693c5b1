// SPDX-License-Identifier: GPL-2.0
#include "plot.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "recording.h"

#define WIDTH 1000
#define PANEL_HEIGHT 170
#define LEGEND_LINE 18
#define REST 70 /* title, and the axis below */

/* With more samples than that, points would hide the lines. */
#define POINTS_MAX 500

/* Panels from top to bottom, with one or two series each. */
static const struct panel {
	const char *label;
	enum series series[2];
	size_t n;
} panels[] = {
	{ "RTT [ms]", { SERIES_RTT }, 1 },
	{ "RTT variance [ms]", { SERIES_RTTVAR }, 1 },
	{ "cwnd [segments]", { SERIES_CWND }, 1 },
	{ "PMTU [octets]", { SERIES_PMTU }, 1 },
	{ "rate [Mbit/s]", { SERIES_SENT, SERIES_RECEIVED }, 2 },
};

#define N_PANELS (sizeof(panels) / sizeof(panels[0]))

/* What is known of all samples. */
struct extent {
	double first, last; /* times */
	double most[SERIES_COUNT]; /* below 0: no value */
	size_t n_samples;
};

/* b may be NAN. */
static double larger(double a, double b)
{
	return b > a ? b : a;
}

static void extent_of(struct extent *extent, const struct recording *recording)
{
	size_t f, i, s;

	*extent = (struct extent){ .first = INFINITY, .last = -INFINITY };
	for (s = 0; s < SERIES_COUNT; s++)
		extent->most[s] = -1;
	for (f = 0; f < recording->n_flows; f++) {
		const struct recorded_flow *flow = &recording->flows[f];

		for (i = 0; i < flow->n_samples; i++) {
			const struct sample *sample = &flow->samples[i];

			if (sample->time < extent->first)
				extent->first = sample->time;
			extent->last = larger(extent->last, sample->time);
			for (s = 0; s < SERIES_COUNT; s++)
				extent->most[s] = larger(extent->most[s],
							 sample->value[s]);
		}
		extent->n_samples += flow->n_samples;
	}
}

/* The one with the rates. */
static bool is_last(const struct panel *panel)
{
	return panel == &panels[N_PANELS - 1];
}

/* The largest value in a panel; below 0: there is none. */
static double panel_most(const struct panel *panel, const struct extent *extent)
{
	double most = -1;
	size_t i;

	for (i = 0; i < panel->n; i++)
		most = larger(most, extent->most[panel->series[i]]);
	return most;
}

static bool has_values(const struct recorded_flow *flow, enum series series)
{
	size_t i;

	for (i = 0; i < flow->n_samples; i++)
		if (!isnan(flow->samples[i].value[series]))
			return true;
	return false;
}

/*
 * A text between single quotes, in which only those mean something to gnuplot.
 * Recordings may come from anywhere: what could end the text otherwise goes.
 */
static void put_quoted(FILE *file, const char *text)
{
	fputc('\'', file);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '\'')
			fputc(c, file);
		fputc(c < ' ' || c == 0x7f || c == '`' || c == '\\' ? '?' : c,
		      file);
	}
	fputc('\'', file);
}

static void put_number(FILE *file, double value)
{
	if (isnan(value))
		fputs(" ?", file);
	else
		fprintf(file, " %.10g", value);
}

/* The samples of a flow as a data block of gnuplot. */
static void put_data(FILE *file, const struct recorded_flow *flow, size_t index,
		     double first)
{
	size_t i, s;

	fprintf(file, "$flow%zu << END\n", index);
	for (i = 0; i < flow->n_samples; i++) {
		fprintf(file, "%.6f", flow->samples[i].time - first);
		for (s = 0; s < SERIES_COUNT; s++)
			put_number(file, flow->samples[i].value[s]);
		fputc('\n', file);
	}
	fputs("END\n", file);
}

static void put_terminal(FILE *file, bool svg, unsigned int height)
{
	if (svg)
		fprintf(file,
			"set terminal svg size %d,%u noenhanced font 'sans,12' background rgb 'white'\n",
			WIDTH, height);
	else
		fprintf(file,
			"if (strstrt(GPVAL_TERMINALS, 'pngcairo')) set terminal pngcairo size %d,%u noenhanced; else set terminal png size %d,%u noenhanced\n",
			WIDTH, height, WIDTH, height);
}

/* Entries of the legend that stand for no curve of their own. */
static void put_flows_legend(FILE *file, const struct recording *recording)
{
	char id[16];
	size_t f;

	for (f = 0; f < recording->n_flows; f++) {
		const struct recorded_flow *flow = &recording->flows[f];

		snprintf(id, sizeof(id), "flow %" PRIu32, flow->id);
		fprintf(file, "NaN with lines lt %zu title ", f + 1);
		put_quoted(file, flow->name[0] ? flow->name : id);
		fputs(", ", file);
	}
}

static void put_rates_legend(FILE *file)
{
	fputs("NaN with lines lc 'black' dt 1 title 'sent', ", file);
	fputs("NaN with lines lc 'black' dt 2 title 'received', ", file);
}

/* Columns are counted from 1, and the first is the time. */
static void put_curve(FILE *file, size_t f, enum series series, size_t dash,
		      bool points)
{
	fprintf(file, "$flow%zu using 1:%d with %s lt %zu dt %zu %s notitle", f,
		(int)series + 2, points ? "linespoints" : "lines", f + 1,
		dash + 1, points ? "pt 7 ps 0.4" : "");
}

static void put_panel(FILE *file, const struct recording *recording,
		      const struct panel *panel, const struct extent *extent,
		      bool first)
{
	bool points = extent->n_samples <= POINTS_MAX;
	double most = panel_most(panel, extent);
	const char *separator = "";
	size_t f, i;

	fprintf(file, "set ylabel '%s'\n", panel->label);
	/* With room for the legend of the rates. */
	most *= is_last(panel) ? 1.4 : 1.1;
	fprintf(file, "set yrange [0:%.10g]\nplot ", most > 0 ? most : 1);
	if (first)
		put_flows_legend(file, recording);
	if (is_last(panel))
		put_rates_legend(file);
	for (f = 0; f < recording->n_flows; f++) {
		for (i = 0; i < panel->n; i++) {
			if (!has_values(&recording->flows[f], panel->series[i]))
				continue;
			fputs(separator, file);
			put_curve(file, f, panel->series[i], i, points);
			separator = ", ";
		}
	}
	fputc('\n', file);
}

static void put_panels(FILE *file, const struct recording *recording,
		       const struct extent *extent, size_t n)
{
	char date[32] = "the beginning";
	time_t start = extent->first;
	bool first = true;
	struct tm tm;
	size_t p;

	if (gmtime_r(&start, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fprintf(file, "set multiplot layout %zu,1\n", n);
	fputs("set key above left vertical Left reverse\n", file);
	for (p = 0; p < N_PANELS; p++) {
		if (panel_most(&panels[p], extent) < 0)
			continue;
		if (--n == 0)
			fprintf(file, "set xlabel 'seconds since %s'\n", date);
		put_panel(file, recording, &panels[p], extent, first);
		fputs("set key inside top left horizontal\n", file);
		first = false;
	}
	fputs("unset multiplot\n", file);
}

int plot_script(FILE *file, const struct recording *recording, bool svg)
{
	struct extent extent;
	double length;
	size_t n = 0;
	size_t i;

	extent_of(&extent, recording);
	for (i = 0; i < N_PANELS; i++)
		n += panel_most(&panels[i], &extent) >= 0;
	length = extent.last - extent.first;
	fputs("set encoding utf8\n", file);
	put_terminal(file, svg,
		     n * PANEL_HEIGHT + recording->n_flows * LEGEND_LINE +
			     REST);
	fputs("set datafile missing '?'\nset grid\nset lmargin 12\n", file);
	fprintf(file, "set xrange [0:%.6f]\n", length > 0 ? length : 1);
	for (i = 0; i < recording->n_flows; i++)
		put_data(file, &recording->flows[i], i, extent.first);
	put_panels(file, recording, &extent, n);
	return fflush(file) || ferror(file) ? -(errno ? errno : EIO) : 0;
}
