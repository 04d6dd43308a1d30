# SPDX-License-Identifier: Apache-2.0
"""A part of find_gcc12_hazards: finds statements that drop the Status of a
coroutine, "co_await F();". Clang warns of them, g++ 12 does not.

It says nothing but of what it knows: functions and lambdas that are called by
their names, if all declarations of the name, in the same file and in the headers
that are looked at, give a Status. What an object's member function gives depends
on the object's class, which it does not know.
"""

import collections
import re

RESULT = r'Task<\s*(?P<result>absl::Status(?:Or<[^;{}()]*>)?)?[^;{}()]*>'
FUNCTION = re.compile(RESULT + r'\s+(?:\w+::)*(?P<name>\w+)\s*\(')
LAMBDA = re.compile(
    r'auto\s+(?P<name>\w+)\s*=\s*\[[^\]]*\]\s*(?:\([^()]*\)\s*)?(?:mutable\s*)?'
    r'->\s*' + RESULT + r'\s*\{')
VARIABLE = re.compile(r'\bauto[&*]*\s+(?P<name>\w+)\s*[=:]')
# Functions of another type, and variables or parameters of any.
OTHER_FUNCTION = re.compile(r'(?<![\w.<>:])(?P<type>(?!Task<)[\w:]+(?:<[^;(){}]*>)?)'
                            r'[\s&*]+(?:\w+::)*(?P<name>\w+)\s*\(')
OTHER = re.compile(r'(?<![\w.>])(?P<type>[\w:]+(?:<[^;(){}]*>)?)(?:\s+|\s*&+\s*)'
                   r'(?P<name>\w+)\s*[,);=]')
KEYWORDS = frozenset('''
    return co_return co_await co_yield else case new throw not and or'''.split())
NO_CODE = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|^\s*#[^\n]*', re.M)


class Functions:
    """How often each name of a function is declared, and with a Status(Or)."""

    def __init__(self, source=''):
        self.all = collections.Counter()
        self.with_status = collections.Counter()
        source = NO_CODE.sub('', source)
        for match in FUNCTION.finditer(source):
            self.all[match['name']] += 1
            self.with_status[match['name']] += match['result'] is not None
        for match in OTHER_FUNCTION.finditer(source):
            if match['type'].split('::')[-1] not in KEYWORDS:
                self.all[match['name']] += 'Task<' not in match['type']

    def add(self, other):
        self.all.update(other.all)
        self.with_status.update(other.with_status)

    def known(self):
        return {name for name in self.all
                if 0 < self.all[name] == self.with_status[name]}


def functions_of(sources):
    functions = Functions()
    for source in sources:
        functions.add(Functions(source))
    return functions


def known_in(source, of_headers):
    """The names by which a call in this source can only give a Status(Or)."""
    functions = Functions(source)
    functions.add(of_headers)
    functions = functions.known()
    source = NO_CODE.sub('', source)
    lambdas = collections.defaultdict(list)
    for match in VARIABLE.finditer(source):
        known = LAMBDA.match(source, match.start())
        lambdas[match['name']].append(bool(known and known['result']))
    others = {match['name'] for match in OTHER.finditer(source)
              if match['type'] not in KEYWORDS | {'auto'}}
    return {name for name in functions.union(lambdas)
            if all(lambdas.get(name, [])) and name not in others}


def dropped_call(statement, known):
    """What it calls, if it drops the Status of that."""
    texts = [node.text for node in statement]
    if len(texts) < 3 or texts[0] != 'co_await' or texts[-1] != '(':
        return None
    is_name = all(re.fullmatch(r'\w+|::', text) for text in texts[1:-1])
    return texts[-2] if is_name and texts[-2] in known else None
