# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Malformed headers, and who sends them."""

from hypothesis import strategies as st

from nova_lockstatus.tests.fuzz.values import one_in

VERSIONS = (
    '2.1', '2.2', '2.5', '2.9', '2.16', '2.25', '2.26', '2.33', '2.36',
    '2.37', '2.43', '2.44', '2.53', '2.56', '2.63', '2.69', '2.72', '2.73',
    '2.74', '2.75', '2.85', '2.88', '2.90', '2.95', '2.96', 'latest')

NO_VERSIONS = (
    '', ' ', '2', '2.', '.1', '2.0', '1.1', '3.1', '2.1.1', '2.01', '-2.1',
    '+2.1', '2.-1', '2.99999', '9' * 400 + '.1', '2.' + '9' * 5000, '2.1 2.9',
    'Latest', 'LATEST', 'latest latest', 'nan', '2,1', '2.\xb2', '\xff\xfe',
    '2.1\t', '0x2.1', '2.1;', '"2.1"', '2.1,2.73')

WHO = st.sampled_from(('admin', 'admin', 'owner', 'owner', 'member', 'reader',
                       'other'))

_HEADER_TEXTS = st.text(st.characters(
    min_codepoint=32, max_codepoint=255, exclude_characters='\x7f'),
    max_size=15)

_TYPES = st.sampled_from((
    '', 'application/json', 'application/json; charset=utf-8',
    'application/json; charset=utf-16', 'application/json; charset=nothing',
    'application/json;;;', 'application/vnd.openstack.compute+json',
    'application/xml', 'text/plain', 'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x', 'multipart/form-data', '/', '*/*',
    'application/json, text/html')) | _HEADER_TEXTS

_LENGTHS = st.sampled_from((
    '', '0', '1', '7', '-1', '+5', ' 5', 'x', '1e3', '5, 5', '0x10', '\xb2',
    str(114688), str(1 << 31), str(1 << 70), '9' * 5000))

_MORE = st.one_of(
    st.tuples(st.just('Accept-Language'), st.sampled_from(
        ('de', '*', 'de;q=x', ',,,', 'x' * 300)) | _HEADER_TEXTS),
    st.tuples(st.just('X-OpenStack-Request-ID'), _HEADER_TEXTS),
    st.tuples(st.just('X-Forwarded-Host'), _HEADER_TEXTS),
    st.tuples(st.just('X-Forwarded-Proto'), _HEADER_TEXTS),
    st.tuples(st.just('X-Roles'), st.just('admin')),
    st.tuples(st.just('X-HTTP-Method-Override'), st.just('DELETE')),
    st.tuples(st.just('Transfer-Encoding'), st.sampled_from(
        ('chunked', 'gzip', ''))),
    st.tuples(st.just('Range'), st.just('bytes=0-1')),
    st.tuples(st.just('Origin'), _HEADER_TEXTS))


@st.composite
def _versions(draw, version):
    kind = draw(st.sampled_from((
        'known', 'known', 'known', 'edge', 'edge', 'edge', 'number', 'no',
        'word')))
    if kind == 'known':
        return version
    if kind == 'edge':
        return draw(st.sampled_from(VERSIONS))
    if kind == 'number':
        return '2.%d' % draw(st.integers(0, 120))
    if kind == 'no':
        return draw(st.sampled_from(NO_VERSIONS))
    return draw(_HEADER_TEXTS)


_SERVICES = ('compute %s',) * 6 + (
    '%s', 'compute  %s', 'Compute %s', 'identity %s', 'compute', 'compute:%s',
    'compute %s, compute 2.1', 'volume 3.1, compute %s', 'compute %s,')


@st.composite
def right(draw, who, version, has_body):
    """Make headers that Nova understands.

    :param who: whose token it has
    :param version: the microversion at which the request is known to be right
    :param has_body: whether it has a body
    """
    version = draw(st.sampled_from((version, version, *VERSIONS[-6:], '2.1')))
    result = [('X-Auth-Token', who), draw(st.sampled_from((
        ('OpenStack-API-Version', 'compute ' + version),
        ('X-OpenStack-Nova-API-Version', version))))]
    if has_body:
        result.append(('Content-Type', 'application/json'))
    return tuple(result)


@st.composite
def malformed(draw, who, version, has_body):
    """Make headers with something wrong, for the most part.

    :param who: whose token it has, for the most part
    :param version: the microversion at which the request is known to be right
    :param has_body: whether it has a body
    """
    result = []
    if one_in(draw, 40):
        who = draw(_HEADER_TEXTS)
    result.append(('X-Auth-Token', who))
    which = draw(st.sampled_from(('new', 'new', 'new', 'old', 'both', 'none')))
    if which in ('new', 'both'):
        result.append(('OpenStack-API-Version',
                       draw(st.sampled_from(_SERVICES)).replace(
                           '%s', draw(_versions(version)))))
    if which in ('old', 'both'):
        result.append(('X-OpenStack-Nova-API-Version',
                       draw(_versions(version))))
    if one_in(draw, 10):
        result.append(('Content-Type', draw(_TYPES)))
    elif has_body:
        result.append(('Content-Type', 'application/json'))
    if one_in(draw, 12):
        result.append(('Accept', draw(_TYPES)))
    if one_in(draw, 20):
        result.append(('Content-Length', draw(_LENGTHS)))
    if one_in(draw, 12):
        result.append(draw(_MORE))
    return tuple(result)
