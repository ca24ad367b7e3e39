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

"""Asks for metrics as Prometheus does."""

import http.client
import socket

from prometheus_client import parser


def free_port(address='127.0.0.1'):
    """Return a port that nobody listens at."""
    with socket.socket() as listening:
        listening.bind((address, 0))
        return listening.getsockname()[1]


def fetch(port, address='127.0.0.1', path='/metrics'):
    """Return the status and the text of the answer."""
    connection = http.client.HTTPConnection(address, port, timeout=30)
    try:
        connection.request('GET', path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def parse(text):
    """Return the value of each series, by its name and the set of labels."""
    return {(sample.name, frozenset(sample.labels.items())): sample.value
            for family in parser.text_string_to_metric_families(text)
            for sample in family.samples}


class Scrape:
    """What was served at one time.

    :param port: where
    """

    def __init__(self, port):
        status, self.text = fetch(port)
        assert status == 200, self.text
        self.series = parse(self.text)

    def value(self, name, **labels):
        """Return the value of a series, None if there is none."""
        return self.series.get(
            ('nova_lockstatus_' + name, frozenset(labels.items())))

    def values(self, name, *labels):
        """Return the values of a metric that are not 0, by some labels."""
        found = {}
        for (series, pairs), value in self.series.items():
            if series == 'nova_lockstatus_' + name and value:
                has = dict(pairs)
                found[tuple(has[label] for label in labels)] = value
        return found
