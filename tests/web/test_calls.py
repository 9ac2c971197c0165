from __future__ import annotations

import pytest
from jinja2 import Environment, pass_context, pass_environment

from app.web.calls import DirectCalls


@pass_context
def of_the_context(context, name):
    return context[name]


@pass_environment
def of_the_environment(environment):
    return type(environment).__name__


class Greeting:
    def __call__(self, name="you"):
        return f"hello {name}"


@pytest.mark.parametrize(
    "template, text",
    [
        ("{{ plain('a', b='c') }}", "a c"),
        ("{{ of_the_context('word') }}", "shown"),
        ("{{ of_the_environment() }}", "Environment"),
        ("{{ greeting(name='all') }}", "hello all"),
        ("{% for _ in [1] %}{{ plain('x') }}{{ greeting() }}{% endfor %}", "x -hello you"),
        ("{% macro m(a, b='2') %}<{{ a }}{{ b }}{{ caller() if caller }}>{% endmacro %}{{ m('1') }}", "<12>"),
        ("{% macro m(a) %}<{{ a }}{{ caller() }}>{% endmacro %}{% call m('1') %}in{% endcall %}", "<1in>"),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m('<') }}", "<&lt;>"),
    ],
)
def test_each_kind_of_call_does_what_jinja_documents(template, text):
    environment = Environment(autoescape=True)
    environment.context_class = DirectCalls
    environment.globals.update(
        plain=lambda a, b="-": f"{a} {b}",
        of_the_context=of_the_context,
        of_the_environment=of_the_environment,
        greeting=Greeting(),
    )
    assert environment.from_string(template).render(word="shown") == text
