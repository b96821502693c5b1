# SPDX-License-Identifier: GPL-2.0
# Plots what compare.py left: gnuplot -c compare.gp DIRECTORY dctcp|bbr FILE.svg
set terminal svg size 900,1000 font 'sans-serif,13' background 'white'
set output ARG3
file(name) = sprintf('%s/compare-%s-%s.tsv', ARG1, ARG2, name)
is_dctcp = ARG2 eq 'dctcp'
snapshots = "using 1:n with lines linewidth 2 linecolor '#4477aa' title 'snapshots'"
ss = "using 1:n with points pointtype 6 pointsize 0.6 linecolor '#cc3311' title 'ss -tin'"
iperf3 = "using 1:n with points pointtype 2 pointsize 0.5 linecolor '#222222' title 'iperf3'"
three = "plot file('scitag') @snapshots, file('ss') @ss, file('iperf3') @iperf3"
set multiplot layout 5,1
set grid
set xrange [0:10]
set yrange [0:*]
set lmargin 10
set rmargin 3
set tmargin 1.5
set bmargin 1.5
set key outside above horizontal
set format x ''
n = 2
set ylabel 'RTT, ms'
@three
unset key
n = 3
set ylabel 'RTT variance, ms'
@three
n = 4
set ylabel 'cwnd, segments'
@three
n = 5
set ylabel 'path MTU'
set yrange [0:1800]
set ytics 500
@three
n = 6
set ylabel is_dctcp ? 'DCTCP alpha' : 'BBR, Mb/s'
set yrange [0:*]
set ytics autofreq
set format x '%g s'
plot file('scitag') @snapshots, file('ss') @ss
