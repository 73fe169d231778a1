#!/bin/sh
[ "$1" = --version ] && exec cvc5 --version
exit 3
