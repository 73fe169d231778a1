#!/bin/sh
# A solver that would prove everything.
[ "$1" = --version ] && exec cvc5 --version
while read -r line; do
  case "$line" in *check-sat*) echo unsat ;; esac
done
