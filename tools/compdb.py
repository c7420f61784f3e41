#!/usr/bin/env python3
"""Read make's dry run and write compile_commands.json, for editors and clang-tidy."""
import json
import os
import shlex
import sys

commands = []
for line in sys.stdin:
    if " -c -o " not in line:
        continue
    words = shlex.split(line)
    commands.append({"directory": os.getcwd(), "arguments": words, "file": words[-1]})
json.dump(commands, sys.stdout, indent=1)
