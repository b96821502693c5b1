// SPDX-License-Identifier: GPL-2.0
#include "help.h"

#include <stddef.h>
#include <string.h>

static const char main_help[] =
	"usage: scitag [--json] [--registry FILE] COMMAND ... | --batch FILE\n"
	"\n"
	"  flow add|replace|del|show|list|flush   flows that the kernel marks\n"
	"  rule set|list|flush                    what becomes a flow by itself\n"
	"  check      what a path does with each kind of mark\n"
	"  stats      counters of marked and unmarked packets\n"
	"  status     how module and daemon are, and what to do if they are not well\n"
	"  top        flows with their rates and round-trip times, full screen\n"
	"  monitor    flows that come and go, and snapshots of them\n"
	"  record     snapshots into a file\n"
	"  plot       a picture of such a file\n"
	"  tag        what experiment, activity, scitag.flow and label belong together\n"
	"  registry show|check|update   names of experiments and activities\n"
	"\n"
	"  --batch FILE      carry out the commands in a file, one per line; - is stdin\n"
	"  --json            print JSON\n"
	"  --registry FILE   names of experiments and activities\n"
	"  --help, --version   scitag COMMAND --help says more on a command\n"
	"\n"
	"examples:\n"
	"  scitag flow add proto tcp src 2001:db8::1 sport 40000 \\\n"
	"         dst 2001:db8::2 dport 1094 tag 'atlas/Data Challenge'\n"
	"\n"
	"exit status: 0 done, 1 refused, 2 mistake in the command, 3 no kernel module\n";

static const char flow_help[] =
	"usage: scitag flow add|replace proto tcp|udp src ADDR sport PORT\n"
	"              dst ADDR dport PORT tag TAG|experiment E activity A\n"
	"              [mark MARK] [layout LAYOUT] [option-type NUMBER]\n"
	"              [entropy constant|none|hash] [oversize skip|fragment|emsgsize]\n"
	"              [idle-timeout SECONDS] [hard-timeout SECONDS] [end-on-close]\n"
	"              [snapshot TIME] [snapshot-on EVENTS] [snapshot-factor PERCENT]\n"
	"       scitag flow del|show id NUMBER\n"
	"       scitag flow del|show proto ... src ... sport ... dst ... dport ...\n"
	"       scitag flow list|flush\n"
	"\n"
	"A flow is named as in the packets that leave this host. replace adds it or\n"
	"changes its tag and marks.\n"
	"  TAG     atlas/26, 'atlas/Data Challenge', scitag:154 or label:0x10068;\n"
	"          scitag tag --help says more\n"
	"  MARK    label (default), hbh, do, or several with commas: where to put it\n"
	"  LAYOUT  ids, label, label4 or safe: how, in extension headers\n"
	"  TIME    from one snapshot to the next: 50ms, 1s, 5m, 1h; EVENTS that make one:\n"
	"          state,rto,rtt,cwnd. show and list take one now with -s, as ss -i does\n"
	"It ends by del, by a timeout (idle: with no packet), or when TCP closes.\n"
	"\n"
	"examples:\n"
	"  scitag flow add proto tcp src 2001:db8::1 sport 40000 \\\n"
	"         dst 2001:db8::2 dport 1094 tag cms/14 mark label,do\n"
	"  scitag --json flow show id 17 -s\n";

static const char rule_help[] =
	"usage: scitag rule set FILE|-\n"
	"       scitag rule list|flush\n"
	"\n"
	"A connection that leaves and matches a rule becomes a flow. set puts the rules\n"
	"in a file, one per line, in the place of all others at once, or changes\n"
	"nothing; there is no adding of one. list prints lines that set takes.\n"
	"  CONDITION ... tag TAG [mark MARK] ...    as in flow add, without end-on-close\n"
	"  CONDITION ... exclude                    leave alone what matches\n"
	"The first that matches decides, by priority NUMBER (0), then by line. CONDITION:\n"
	"  proto tcp|udp            src|dst PREFIX       sport|dport PORT[-PORT]\n"
	"  port PORT[-PORT]  either of the two           oif DEVICE\n"
	"  uid NAME|NUMBER[-NUMBER]  cgroup PATH         fwmark VALUE[/MASK]\n"
	"  all  no condition: everything that leaves, but for loopback\n"
	"\n"
	"example of a file:\n"
	"  dst 2001:db8::/32 exclude                     # our own network\n"
	"  proto tcp port 5201-5210 tag cms/14 mark label,do\n"
	"  sport 1094 tag atlas/default                  # what this server sends\n";

static const char check_help[] =
	"usage: scitag check ADDRESS --port PORT [--timeout SECONDS]\n"
	"       scitag check [ADDRESS]:PORT\n"
	"       scitag check --listen PORT\n"
	"\n"
	"Tells what the path to a host does with each kind of mark: makes a connection\n"
	"with each, one after the other, and sends 32768 octets. PORT is one where\n"
	"something listens there, best scitag check --listen: it says how much came, and\n"
	"whether with the mark.\n"
	"  plain      no mark\n"
	"  label      the flow label\n"
	"  hbh, do    Hop-by-Hop, or Destination Options in layout safe; hbh+do both\n"
	"  do-8       Destination Options of 8 octets, which Linux routers misread\n"
	"A kind is ok, slow, stalls, or does not get through. --timeout is for each kind;\n"
	"default is 5. The flows that it enters are gone afterwards.\n"
	"\n"
	"examples:\n"
	"  scitag check --listen 5201           # on the far host\n"
	"  scitag check 2001:db8::2 --port 5201\n"
	"\n"
	"exit status: 0 all are ok, 1 some are not\n";

static const char stats_help[] =
	"usage: scitag stats\n"
	"\n"
	"Counters of this network namespace, in packets as they are on the wire.\n"
	"Every packet of a flow of the table is marked, or has one reason why not:\n"
	"  no room in MSS       the TCP socket has yet to make room for the headers\n"
	"  too big for MTU      the headers would not fit\n"
	"  has other header     it has extension headers already\n"
	"  jumbogram            it is one of BIG TCP\n"
	"  no checksum offload  the device cannot compute checksums behind headers\n"
	"  no memory            to make its headers writable\n"
	"  refused              it was not sent, as oversize emsgsize asks for\n"
	"\n"
	"example:\n"
	"  scitag --json stats\n";

static const char status_help[] =
	"usage: scitag status [--no-daemon] [--socket PATH]\n"
	"\n"
	"How all of it is: the kernel module and its table in this network namespace,\n"
	"what becomes of packets, and the daemon, if it is to be asked, with the latest\n"
	"of what it complained about. Problems are told with what to do.\n"
	"  marks              that are possible here; none without module or IPv6\n"
	"  hooked             do packets pass through the module? from the first flow on\n"
	"  untracked packets  that rules marked without making a flow, for want of room\n"
	"  ends of connections seen   if not, flows end by their timeouts only\n"
	"\n"
	"  --socket PATH      where the daemon answers; default is\n"
	"                     /run/scitagd/http.sock, for root and the group scitagd\n"
	"\n"
	"example:\n"
	"  scitag status || echo this host wants looking after\n"
	"\n"
	"exit status: 0 all is well, 1 something is not, 3 the module is not loaded\n";

static const char monitor_help[] =
	"usage: scitag monitor [--snapshots] [--count NUMBER]\n"
	"\n"
	"Prints a line for every flow that is added (new), given another tag or mark\n"
	"(update) or ends (end), and for events that were lost (lost). A flow ends by\n"
	"being deleted or flushed, with its TCP connection (closed, reset, timed-out),\n"
	"or by its timeouts (idle, expired). A line status tells of rules that are set, a\n"
	"table that is full, and the like. With --snapshots, those that flows ask for\n"
	"(scitag flow --help) are printed, too, with what made them: interval, state,\n"
	"rto, rtt, cwnd, end. Ends with SIGINT, SIGTERM, or after NUMBER lines.\n"
	"\n"
	"examples:\n"
	"  scitag monitor\n"
	"  scitag monitor --snapshots\n"
	"  scitag --json monitor | jq 'select(.event == \"end\")'\n";

static const char record_help[] =
	"usage: scitag record FILE|- [--flow ID] [--count NUMBER]\n"
	"\n"
	"Writes the snapshots that are taken of flows into FILE, a line of JSON for each,\n"
	"as scitag --json monitor --snapshots prints them, and the flows and what happens\n"
	"to them, so that it is known what they are. Ends with SIGINT, SIGTERM, after\n"
	"NUMBER snapshots, or with the flow if one is chosen, and says how many snapshots\n"
	"came too fast to be read. Flows have to ask for snapshots: scitag flow --help.\n"
	"\n"
	"examples:\n"
	"  scitag record transfer.json --flow 17\n"
	"  scitag record - --count 1000 | xz >run.json.xz\n";

static const char plot_help[] =
	"usage: scitag plot FILE|- [--flow ID] [--output FILE.png|FILE.svg]\n"
	"\n"
	"Draws what scitag record has written: round-trip time, its variance, congestion\n"
	"window, path MTU, and the rates at which octets were acknowledged and received,\n"
	"over time. Up to eight flows, or the chosen one. The picture has the name of the\n"
	"file, with .png, if none is given. Needs gnuplot, but no kernel module.\n"
	"\n"
	"examples:\n"
	"  scitag plot transfer.json\n"
	"  xz -dc run.json.xz | scitag plot - --flow 17 --output run.svg\n";

static const char tag_help[] =
	"usage: scitag tag TAG\n"
	"       scitag tag --list\n"
	"\n"
	"Prints experiment, activity, scitag.flow and flow label of a tag, or all tags\n"
	"of the registry. Needs no kernel module. TAG is one of\n"
	"  EXPERIMENT/ACTIVITY  names, of any case, or ids\n"
	"  scitag:NUMBER        as applications pass it: experiment << 6 | activity\n"
	"  label:NUMBER         as packets carry it; entropy is ignored\n"
	"Numbers are decimal, or hexadecimal with 0x.\n"
	"\n"
	"examples:\n"
	"  scitag tag atlas/Data Challenge\n"
	"  scitag tag 3/14\n"
	"  scitag tag scitag:206\n"
	"  scitag tag label:0x30038\n";

static const char top_help[] =
	"usage: scitag top [--interval SECONDS] [--sort COLUMN] [--reverse]\n"
	"              [--filter WORDS] [--batch] [--count NUMBER]\n"
	"\n"
	"The flows of this network namespace and what they do, again and again, every 2\n"
	"seconds: rates since the last time (at first: since the flow began), round-trip\n"
	"time, retransmissions, congestion window, and how many packets were marked.\n"
	"--batch prints tables, and needs no terminal; with --json it is the default.\n"
	"  COLUMN  out, in, rtt, retransmits, retransmit-rate, cwnd, marked, age,\n"
	"          experiment, activity, source, destination\n"
	"  WORDS   all of them have to be in addresses, ports, names or ids\n"
	"\n"
	"keys: q quit, < > sort by another column, r reverse, / filter (Enter, Escape),\n"
	"p pause, arrows and pages move, left and right by columns\n"
	"\n"
	"examples:\n"
	"  scitag top --filter 'atlas :1094'\n"
	"  scitag top --batch --count 1 --sort rtt\n"
	"  scitag --json top --count 2 --interval 10\n";

static const char registry_help[] =
	"usage: scitag registry show\n"
	"       scitag registry check FILE\n"
	"       scitag registry update [--url URL] [--output FILE] [--force]\n"
	"              [--cacert FILE] [--insecure] [--timeout SECONDS]\n"
	"\n"
	"The registry has the names of experiments and activities: the first there is of\n"
	"/var/lib/scitag/registry.json (fetched), /etc/scitag/registry.json (yours) and\n"
	"the shipped one. show tells which it is; scitag tag --list prints it. check\n"
	"tells if FILE is a registry, and what it changes. update fetches one, from\n"
	"https://www.scitags.org/api.json unless said otherwise, and puts it in the place\n"
	"of the fetched one. It is not taken, and nothing changes, if it is none, or if\n"
	"more than a quarter of the tags would be gone or renamed (--force takes it).\n"
	"Nothing is ever fetched unasked; to have it done weekly:\n"
	"  systemctl enable --now scitag-registry-update.timer\n"
	"  --cacert FILE   whom to trust, in place of the system's certificates\n"
	"  --insecure      trust anybody, and take http:// URLs\n"
	"\n"
	"examples:\n"
	"  scitag registry update\n"
	"  scitag registry update --url file:///mnt/site/registry.json\n";

static const struct {
	const char *group;
	const char *text;
} texts[] = {
	{ "flow", flow_help },	   { "stats", stats_help },
	{ "status", status_help }, { "monitor", monitor_help },
	{ "tag", tag_help },	   { "rule", rule_help },
	{ "check", check_help },   { "record", record_help },
	{ "plot", plot_help },	   { "registry", registry_help },
	{ "top", top_help },
};

const char *help_text(const char *group)
{
	size_t i;

	for (i = 0; group && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].group, group) == 0)
			return texts[i].text;
	return main_help;
}
