# SPDX-License-Identifier: GPL-2.0
# The file of tests/bench/guest as a table or as JSON (format), for one kernel
# (name, version). The first case of a group is what the others are compared
# with; the groups netlink and memory have none.

BEGIN {
	FS = "\t"
}

{
	if (!($1 in count))
		groups[++n_groups] = $1
	lines[$1, ++count[$1]] = $0
	if (!($1 in base) && $1 != "netlink" && $1 != "memory")
		base[$1] = $6
}

function row(group, what, median, min, max, more, ratio) {
	printf "| %-9s | %-35s | %6s | %6s | %6s | %6s | %6s |\n",
		group, what, median, min, max, more, ratio
}

function begin() {
	if (format == "json") {
		printf "    {\n      \"name\": \"%s\",\n", name
		printf "      \"version\": \"%s\",\n      \"results\": [", version
		return
	}
	printf "Linux %s, instructions for each packet (stream: for each megabit,\n" \
		"netlink: for each flow; memory: octets for each flow; snapshot: for each\n" \
		"connection):\n\n", version
	row("group", "case", "median", "min", "max", "more", "ratio")
	row("---", "---", "---:", "---:", "---:", "---:", "---:")
}

function result_table(group, what, median, min, max) {
	row(group, what, sprintf("%.0f", median), sprintf("%.0f", min), sprintf("%.0f", max),
		group in base ? sprintf("%+.0f", median - base[group]) : "",
		group in base ? sprintf("%.4f", median / base[group]) : "")
}

function result_json(group, what, median, min, max, calls, rounds) {
	printf "%s\n        { \"group\": \"%s\", \"case\": \"%s\",", separator, group, what
	printf " \"calls\": %d, \"rounds\": %d,", calls, rounds
	printf " \"min\": %.1f, \"median\": %.1f, \"max\": %.1f", min, median, max
	if (group in base)
		printf ", \"difference\": %.1f, \"ratio\": %.4f",
			median - base[group], median / base[group]
	printf " }"
	separator = ","
}

END {
	begin()
	for (g = 1; g <= n_groups; g++) {
		for (i = 1; i <= count[groups[g]]; i++) {
			split(lines[groups[g], i], f, FS)
			if (format == "json")
				result_json(f[1], f[2], f[6], f[5], f[7], f[3], f[4])
			else
				result_table(f[1], f[2], f[6], f[5], f[7])
		}
	}
	if (format == "json")
		printf "\n      ]\n    }"
}
