#!/bin/sh
[ "$1" = --version ] && exec cvc5 --version
while read -r line; do echo "$line?"; done
