#!/bin/sh
# Tells the version of the real solver and answers nothing.
[ "$1" = --version ] && exec cvc5 --version
exec sleep 600
