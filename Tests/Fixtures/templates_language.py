"""Small templates and the values they are rendered with: what make_templates.py asks jinja2."""

VARIABLES = {
    "s": "Hello, wörld a\u0301",
    "n": 7,
    "x": -2.5,
    "yes": True,
    "no": False,
    "nil": None,
    "list": [3, "b", None, [1, 2]],
    "words": ["pear", "Apple", "fig", "apple"],
    "nums": [3, 1, 2, 10, -1],
    "table": {"b": 1, "a": {"c": [1, 2]}, "items": "own", "q'": "d\"q"},
    "rows": [
        {"name": "Zoe", "age": 3, "tags": ["x"]},
        {"name": "adam", "age": 30, "tags": []},
        {"name": "Bob", "age": 3},
    ],
    "html": "<a href=\"x\">'&'</a>",
    "empty": "",
    "text": "line one\n\nline three\n  four",
}

EXPRESSIONS = """
s
n
x
yes
nil
list
table
missing
missing.a
missing['a']
missing is defined
s is defined and s is string
nil is none
nil is not none
n is number and n is integer and x is float
yes is boolean and yes is number
yes is true
n is true
list is iterable and list is sequence and list is not mapping
table is mapping and table is iterable
s is iterable
n is iterable
missing is iterable
n is odd
n is even
n is divisibleby 7
n is divisibleby(2)
n is eq 7
n is equalto(7)
n is in [1, 7]
s is lower
s is upper
'abc' is lower
n + 1
n - 10
n * 2
n / 2
n // 2
-n // 2
n % 4
-n % 4
n ** 2
2 ** -1
1 / 0
1 // 0
x * 2
x // 1
x % 1
1e3
1.5e-7
1e16
123456789.0
0.1 + 0.2
1_000
0x1F
9223372036854775807 - 1
s + 1
'a' + 'b'
'a' 'b'
'a' ~ 1 ~ none ~ missing ~ true
'ab' * 3
3 * 'ab'
[1] * 3
[1] + [2]
[1] + (2,)
(1, 2)
(1,)
()
1 == 1.0
true == 1
1 == '1'
[1, 2] == [1, 2]
[1] == (1,)
1 < 2 < 3
1 < 3 < 2
'a' < 'b'
1 < 'a'
[1, 2] < [1, 3]
1 in [1]
'ell' in s
'x' not in s
'a' in table
1 in table
not yes
not not yes
yes and no
no or 'x'
nil or missing or 0 or 'end'
'y' if yes else 'n'
'y' if no
('y' if no) is defined
yes if yes if no else 3 else 4
s[0]
s[-1]
s[100]
s[1:4]
s[::-1]
s[::2]
s[-3:]
s[:-3]
s[5:2]
s[100:]
list[0]
list[-1][1]
list[7]
list['a']
list[1:]
list[::-1]
list[:-1]
table.b
table['b']
table.a.c[0]
table['items']
table.zzz
table.zzz.y
table.get('b')
table.get('z')
table.get('z', 5)
table.keys()|list
table.values()|list
table.items()|list
nil.x
nil['x']
n.x
s.upper()
s.lower()
s.title()
s.capitalize()
'o\\'neil mc-donald'.title()
'o\\'neil mc-donald (x)'|title
s|upper
s|lower
s|capitalize
s|length
list|length
table|length
missing|length
n|length
'  a b '.strip()
'  a b '.lstrip() ~ '|'
'  a b '.rstrip() ~ '|'
'xxaxx'.strip('x')
'abcba'.strip('ab')
'  a '|trim ~ '|'
'xxaxx'|trim('x')
'a,b,,c'.split(',')
'a,b,,c'.split(',', 1)
'a,b,,c'.rsplit(',', 1)
' a  b '.split()
' a  b c '.split(none, 1)
''.split()
''.split(',')
'a\\nb\\n'.splitlines()
s.startswith('Hell')
s.startswith(('x', 'H'))
s.endswith('d')
s.replace('l', 'L')
s.replace('l', 'L', 1)
s|replace('l', 'L')
s|replace('l', 'L', 2)
'aaa'.replace('aa', 'b')
'abc'.replace('', '-')
s.find('w')
s.find('zz')
s.rfind('l')
s.count('l')
', '.join(words)
words|join
words|join('-')
nums|join(', ')
rows|join(', ', attribute='name')
'12'.isdigit()
'1a'.isdigit()
' '.isspace()
'ab'.isalpha()
'AB'.isupper()
'removeme'.removeprefix('re').removesuffix('me')
words|first
words|last
[]|first
s|first
s|last
s|list
words|sort
words|sort(reverse=true)
words|sort(case_sensitive=true)
nums|sort
nums|sort(true)
list|sort
rows|sort(attribute='name')|map(attribute='name')|list
rows|sort(attribute='age')|map(attribute='name')|list
rows|sort(attribute='age', reverse=true)|map(attribute='name')|list
words|unique|list
words|unique(true)|list
nums|min
nums|max
words|min
nums|sum
rows|sum(attribute='age')
nums|reverse|list
s|reverse
words|map('upper')|list
words|map('replace', 'p', 'P')|join(' ')
rows|map(attribute='tags')|list
rows|map(attribute='tags', default='none')|list
rows|map(attribute='tags.0')|list
rows|selectattr('tags')|map(attribute='name')|list
rows|selectattr('tags', 'defined')|map(attribute='name')|list
rows|selectattr('age', 'equalto', 3)|list|length
rows|selectattr('age', '>', 3)|map(attribute='name')|first
rows|rejectattr('age', 'gt', 3)|map(attribute='name')|list
rows|rejectattr('tags')|list|length
nums|select('odd')|list
nums|select|list
nums|reject('even')|list
nums|select('in', [1, 2])|list
list|select('string')|list
list|reject('none')|list
table|items|list
missing|items|list
table|dictsort
table|dictsort(reverse=true)|first
{'b': 2, 'A': 1}|dictsort
{'b': 1, 'a': 2}|dictsort(by='value')
missing|default('d')
nil|default('d')
nil|default('d', true)
empty|default('d', boolean=true)
missing|d('d')
missing|default
'42'|int
'4.7'|int
'z'|int
'z'|int(5)
'ff'|int(base=16)
x|int
'1.5'|float
'z'|float
nil|int
n|string ~ x|string
-5|abs
x|abs
2.5|round
3.5|round
2.567|round(2)
2.1|round(0, 'ceil')
2.9|round(method='floor')
7|round
html|e
html|escape
html|safe
text|indent
text|indent(2)
text|indent(2, true)
text|indent(2, first=true, blank=true)
text|indent('> ')
table|tojson
list|tojson
rows|tojson(indent=2)
table|tojson(indent=4)
table|tojson(sort_keys=true)
table|tojson(separators=(',', ':'))
[]|tojson(indent=2)
{}|tojson(indent=2)
s|tojson
s|tojson(ensure_ascii=true)
'👩‍🚀'|tojson(ensure_ascii=true)
'\\x07\\t\\u2028\\x7f'|tojson
1e16|tojson
0.00001|tojson
missing|tojson
{1: 2, none: 3}|tojson
{'a': 1, 'a': 2}
{'a': {'b': 1}}.a.b
'a\\n\\t\\\\ \\' \\q \\x41 \\u00e9 \\101'
["it's", 'a "q"', 'b\\n', 'é\\u200b', '\\x00']
[1.0, 1e100, -0.0, none, true]
range(5)|list
range(1, 10, 3)|list
range(5, 0, -2)|list
range(0)|list
range(3)|sum
dict(a=1, b='x')
dict({'z': 1}, a=2)|tojson
namespace(a=1).a
raise_exception('no: ' ~ n)
strftime_now('%d')
strftime_now is defined
nothing()
n()
s.nothing()
list.append(1)
table.update({})
n|nosuchfilter
n is nosuchtest
loop is defined
'%s' is string
-n
+n
--n
- -n
not n
-n|abs
-2 ** 2
2 ** 3 ** 2
1 - 2 - 3
2 * 3 % 4
1 + 2 ~ 3 + 4
'a' ~ 'b' == 'ab'
1 if n > 3 and n < 9 or no else 2
n > 3 == true
(n > 3) == true
n is not odd
not n is odd
n is odd and not n is even
n in [7] and 'a' not in 'b'
rows[0].name.upper()[0]
rows[-1]['name']|lower|replace('b', 'v')
(rows|first).name
words[0] in 'pears'
{'a': [1, {'b': (2, 3)}]}
[[], {}, (), '']
'ß'|upper
'ǆ'|capitalize
'İ'|lower
"a" if "b"|length > 0 else "c"
n if n is defined else 'x'
list is string or 'no'
[1, 2, 3,]
{'a': 1,}
words[1:]|join(',')|upper
(words|sort)[0]
n|string|length
"{{ n }}"
'}}'
'%s and %s' % ('a', n)
'%s' % n
'%s' % [1, 2]
'%s' % (1,)
'%s %s' % (1,)
'%s' % (1, 2)
'abc' % ()
'abc' % 5
'abc' % {}
'%(a)s-%(b)5d|' % {'a': s, 'b': 3}
'%(z)s' % {'a': 1}
'%(a)s' % 5
'%d %i %u' % (n, x, yes)
'%5d|%-5d|%05d|%+d|% d' % (n, n, n, n, n)
'%.3d' % n
'%x %X %o %#x %#o' % (255, 255, 8, 255, 8)
'%x' % x
'%d' % 'a'
'%f %.2f %8.3f %-8.1f| %08.2f %+.0f' % (x, x, x, x, x, x)
'%e %.3E %g %G %.3g %#g' % (123456.789, 0.00001234, 1e20, 1e-7, 3.14159, 2.0)
'%.0f %.0f %.0f' % (0.5, 1.5, 2.5)
'%f' % 'a'
'%r %r' % ('a\\'b', nil)
'%10s|%-10s|%.2s|%010s' % (s, 'ab', 'abc', 'ab')
'%*d|%-*d|%.*f' % (5, n, 5, n, 2, x)
'%c%c' % ('a', 98)
'%c' % 'ab'
'100%%' % ()
'100%' % ()
'%y' % 1
'%(a' % {'a': 1}
'%s' % nil
'%s' % missing
'%s %s'|format('a', n)
'%(a)s'|format(a=1)
'%.2f'|format(x)
'{} {}'.format('a', n)
'{0} {1} {0}'.format('a', n)
'{a} {b}'.format(a=1, b='x')
'{} {1}'.format(1, 2)
'{0} {}'.format(1, 2)
'{} {}'.format(1)
'{a}'.format(b=1)
'{{}} {}'.format(1)
'{'.format(1)
'}'.format(1)
'{:5}|{:<5}|{:>5}|{:^5}|{:*^6}'.format(n, n, n, n, n)
'{:5}|{:<5}|{:>5}|{:^5}|{:*^6}'.format('a', 'a', 'a', 'a', 'a')
'{:05d} {:+} {: } {:-}'.format(n, n, n, n)
'{:,} {:_} {:,.2f}'.format(1234567, 1234567, 1234567.891)
'{:x} {:#x} {:X} {:b} {:#b} {:o} {:#o}'.format(255, 255, 255, 5, 5, 8, 8)
'{:.2f} {:e} {:g} {:%} {:.1%}'.format(x, x, x, 0.25, 0.256)
'{:8.3f}|{:<8.3f}|{:08.3f}|{:=+8.1f}'.format(x, x, x, x)
'{:.2}'.format('abc')
'{:.2}'.format(n)
'{:d}'.format(x)
'{:d}'.format('a')
'{:q}'.format(n)
'{:s}'.format(n)
'{!r} {!s}'.format('a', 'a')
'{!z}'.format('a')
'{:>{w}}|{:{f}^{w}}'.format('a', 'b', w=5, f='*')
'{r[0][name]} {t.b} {t[a]}'.format(r=rows, t=table)
'{0[1]}{0[0]}'.format([1, 2])
'{}'.format(none)
'{:5}'.format(none)
'{:5}'.format(true)
'{}'.format(true)
'{:>8}'.format('ab')
'{:010}|{:<010}'.format(x, n)
rows|groupby('age')|list|length
sum([[1], [2]], start=[])
[[1], [2, 3]]|sum(start=[])
['a', 'b']|sum(start='')
nums|batch(2)|list
nums|batch(2, 'x')|list
[]|batch(2, 'x')|list
nums|slice(2)|list
nums|slice(3, 'x')|list
[1, 2]|slice(3)|list
[1, 2, 3, 4]|slice(2, 'x')|list
text|truncate(9)
text|truncate(12, true)
text|truncate(12, false, '…')
text|truncate(12, true, '', 0)
text|truncate(2)
'short'|truncate
'a'|center(6)
'ab'|center(5)
'ab'|center(7)
'ab'|center(1)
n|center(4)
s|wordcount
'a_b c-d 1.5 '|wordcount
''|wordcount
html|urlencode
'a/b c~d'|urlencode
{'a b': 'c&d', 'e': 1}|urlencode
[('x', 'é'), ('y', '/')]|urlencode
n|urlencode
html|forceescape
'ab'.center(5)
'ab'.center(6, '*')
'abc'.center(6)
'ab'.center(5, '')
'ab'.ljust(4) + '|'
'ab'.rjust(4, '.') + '|'
'7'.zfill(3)
'-7'.zfill(4)
'+7'.zfill(1)
'ab'.zfill(4)
'a-b-c'.partition('-')
'a-b-c'.rpartition('-')
'abc'.partition('-')
'abc'.rpartition('-')
'abc'.partition('')
s.swapcase()
s.index('l')
s.rindex('l')
s.index('zz')
s.find('l', 3)
s.find('l', 4)
s.find('l', -99, 3)
s.rfind('l', 0, 3)
s.find('', 3)
s.rfind('', 0, 3)
s.count('l', 3)
s.startswith('e', 1)
s.endswith('l', 0, 3)
s.startswith(('x', 'H'))
'a\\r\\nb\\rc\\nd\\n'.splitlines()
'a\\r\\nb\\rc\\n\\nd'.splitlines(true)
''.splitlines()
'\\n'.splitlines()
'²'.isdigit()
'²'.isdecimal()
'½'.isnumeric()
'a1'.isalnum()
'a 1'.isalnum()
''.isalnum()
[1, 2, 1].count(1)
[1, 2, 1].index(2)
[1, 2].index(3)
[1, 2].copy()
(1, 2).index(2)
x|int
'0x1F'|int
'9'|int(base=8, default=3)
'-3.9'|int
'nan'|int
'inf'|int(5)
x|abs
""".strip("\n").split("\n")

STATEMENTS = [
    "",
    "\n",
    "a\n",
    "a\n\n",
    "a\r\nb\rc\n",
    "{% if yes %}\n  a\n{% endif %}\nb",
    "  {% if yes %}  \n  a\n  {% endif %}  b",
    "x {% if yes %} y {% endif %} z",
    "x {%- if yes -%} y {%- endif -%} z",
    "x  {{- n -}}  z",
    "x\n\n{{ n }}\n\nz",
    "  {%+ if yes %}a{% endif +%}\nb",
    "a {# note #} b",
    "  {# note #}\nb",
    "a\n  {#- note -#}\n  b",
    "{# {{ n }} {% x %} #}ok",
    "{% raw %}{{ n }}{% x %}{% endraw %}|",
    "a {%- raw -%} {{ n }} {%- endraw -%} b",
    "{% if no %}a{% elif n == 7 %}b{% elif yes %}c{% else %}d{% endif %}",
    "{% if missing %}a{% else %}b{% endif %}",
    "{% for i in nums %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for i in nums %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}"
    "{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}",
    "{% for i in nums %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}",
    "{% for i in nums %}{{ loop.previtem is defined }} {% endfor %}",
    "{% for i in nums %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for i in nums if i > 1 %}{{ loop.index }}:{{ i }} {% endfor %}",
    "{% for i in [] %}a{% else %}none{% endfor %}",
    "{% for i in nums if i > 99 %}a{% else %}none{% endfor %}",
    "{% for i in missing %}a{% else %}none{% endfor %}",
    "{% for i in nil %}a{% endfor %}",
    "{% for i in n %}a{% endfor %}",
    "{% for c in 'aé' %}<{{ c }}>{% endfor %}",
    "{% for k in table %}{{ k }},{% endfor %}",
    "{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in table|items %}{{ k }}={{ v }};{% endfor %}",
    "{% for a, b in [[1, 2], (3, 4)] %}{{ a + b }} {% endfor %}",
    "{% for a, b in [[1, 2, 3]] %}{{ a }}{% endfor %}",
    "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}"
    "{% endif %}{{ i }}{% endfor %}!",
    "{% for i in [1, 2] %}{% for j in [1, 2] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} "
    "{{ loop.depth }};{% endfor %}{% endfor %}",
    "{% set a = 1 %}{% for i in [1, 2] %}{% set a = a + i %}{{ a }}{% endfor %}{{ a }}",
    "{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}",
    "{% set ns = namespace() %}{% set ns.b = 'x' %}{{ ns.b }}{{ ns.c }}",
    "{% set ns = namespace({'q': 5}, r=6) %}{{ ns.q }}{{ ns['r'] }}",
    "{% if yes %}{% set a = 5 %}{% endif %}{{ a }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set a = 1, 2 %}{{ a }}",
    "{% set a %}x{{ n }}{% endset %}{{ a }}|{{ a|length }}",
    "{% set a | upper | replace('X', 'Y') %}x{{ n }}{% endset %}{{ a }}",
    "{% filter upper %}a{{ s }}{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a }}",
    "{% macro m(a, b='d') %}[{{ a }}|{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}|{{ m(1)|length }}|{{ m is callable }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}",
    "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(3) }}",
    "{% macro f(i) %}{% if i > 0 %}{{ i }}{{ f(i - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% set o = 1 %}{% macro m() %}{{ o }}{% set o = 2 %}{{ o }}{% endmacro %}{{ m() }}{{ o }}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}in{{ n }}{% endcall %}",
    "{% macro m() %}<{{ caller(5) }}>{% endmacro %}{% call(v) m() %}in{{ v }}{% endcall %}",
    "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}",
    "{% macro m() %}  a\n  b  {% endmacro %}{{ m()|trim }}",
    "{% for g in rows|groupby('age') %}{{ g.grouper }}:{% for r in g.list %}{{ r.name }} {% endfor %}"
    "{% endfor %}",
    "{% for k, v in words|groupby('0') %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in rows|groupby('tags', default=['none']) %}{{ k }}={{ v|length }};{% endfor %}",
    "{% for k, v in [{'n': 'b'}, {'n': 'A'}, {'n': 'a'}]|groupby('n', case_sensitive=true) %}"
    "{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in [{'n': 'b'}, {'n': 'A'}, {'n': 'a'}]|groupby('n') %}{{ k }}={{ v }};{% endfor %}",
    "{{ rows|groupby('age')|first }}",
    "{% for row in nums|batch(3, '-') %}{{ row|join(',') }};{% endfor %}",
    "{{ 1, 2 }}",
    "{{ n }}{{- n }} {{ n -}} {{ n }}",
    "{{",
    "{{ n",
    "{{ n }",
    "{% if yes %}",
    "{% endif %}",
    "{% if %}{% endif %}",
    "{% if yes %}{% endfor %}",
    "{% for %}{% endfor %}",
    "{% for i in %}{% endfor %}",
    "{% set %}",
    "{% set 1 = 2 %}",
    "{{ }}",
    "{{ 1 + }}",
    "{{ (1 }}",
    "{{ [1, }}",
    "{{ 'a }}",
    "{{ a b }}",
    "{{ a | }}",
    "{{ a. }}",
    "{{ ] }}",
    "{{ a ! b }}",
    "{# open",
    "{% raw %} open",
    "{% nosuchtag %}",
    "{% break %}",
    "{% else %}",
    "{%",
    "{",
    "{ { } } % # {",
    "}} %} #}",
    "{% generation %}a{% endgeneration %}b{% generation %}{% endgeneration %}",
    "é{% for i in [1, 2] %}<{% generation %}ü{{ i }}{% endgeneration %}>{% endfor %}",
    "{% if n is defined and n is not none and n > 3 %}ok{% endif %}",
    "{%- for m in rows -%}\n  {{- m.name }}: {{ m.age }}\n{% endfor -%}\nend",
    "{%if yes%}a{%else%}b{%endif%}",
    "{{'a'}}{{\"b\"}}",
    "{{ {'a': 1}['a'] }}{{ {'a': {'b': 2}}.a.b }}",
    "{{\nn\n}}",
    "{% set x = {\n 'a': [1,\n 2]\n} %}{{ x.a[1] }}",
    "{% for x in [1,2] -%}\n    {{ x }}\n{%- endfor %}\n  tail  ",
]

CASES = ["{{ %s }}" % expression for expression in EXPRESSIONS] + STATEMENTS
