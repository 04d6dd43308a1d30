# SPDX-License-Identifier: Apache-2.0
"""A part of find_gcc12_hazards: C++ sources as trees of tokens."""

import collections
import re

BEFORE_LAMBDA = frozenset('return co_return co_await co_yield case else'.split())

TOKEN = re.compile(r'''
    (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)")
  | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.)+')
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.)*)
  | (?P<number>\.?[0-9](?:'?[\w.]|(?<=[eEpP])[+-])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<punctuation>::|->|&&|\|\||[^\s\w])
''', re.X | re.S | re.M)

Token = collections.namedtuple('Token', 'kind text line')
Group = collections.namedtuple('Group', 'text line children')  # Text: ( [ {
Lambda = collections.namedtuple('Lambda', 'text line captures body')


def tokens_of(source):
    line = 1
    at = 0
    for match in TOKEN.finditer(source):
        line += source.count('\n', at, match.start())
        at = match.start()
        kind = match.lastgroup if match.lastgroup != 'mark' else 'raw'
        if kind not in ('comment', 'directive'):
            yield Token('string' if kind == 'raw' else kind, match[0], line)


def tree_of(tokens):
    """Tokens in nested Groups, and Lambdas made of those."""
    stack = [Group('', 0, [])]
    for token in tokens:
        if token.text in ('(', '[', '{'):
            stack.append(Group(token.text, token.line, []))
        elif token.text in (')', ']', '}') and len(stack) > 1:
            group = stack.pop()
            stack[-1].children.append(
                group._replace(children=with_lambdas(group.children)))
        elif token.text not in (')', ']', '}'):
            stack[-1].children.append(token)
    return with_lambdas(stack[0].children)


def begins_lambda(nodes, at):
    if nodes[at].text != '[' or [
            node.text for node in nodes[at].children] == ['[']:
        return False  # Nothing of the kind, or an attribute.
    before = [node.text for node in nodes[max(0, at - 2):at]]
    if 'auto' in before and before[-1] in ('auto', '&', '&&'):
        return False  # A structured binding.
    if at == 0:
        return True
    last = nodes[at - 1]
    if isinstance(last, (Group, Lambda)):
        return False
    return last.kind == 'punctuation' or last.text in BEFORE_LAMBDA


def with_lambdas(nodes):
    result = []
    at = 0
    while at < len(nodes):
        end = at + 1
        if begins_lambda(nodes, at):
            while end < len(nodes) and nodes[end].text not in ('{', ';', ','):
                end += 1
            if end < len(nodes) and nodes[end].text == '{':
                result.append(Lambda('[]', nodes[at].line, nodes[at].children,
                                     nodes[end].children))
                at = end + 1
                continue
        result.append(nodes[at])
        at += 1
    return result


def split(nodes, separator):
    parts = [[]]
    for node in nodes:
        if node.text == separator:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def walk(nodes):
    """All nodes of an expression, but what is in the bodies of lambdas."""
    for node in nodes:
        yield node
        if isinstance(node, Group):
            yield from walk(node.children)


def lists_of(nodes):
    """The expression's lists of nodes: itself, and the groups in it."""
    return [nodes] + [n.children for n in walk(nodes) if isinstance(n, Group)]
