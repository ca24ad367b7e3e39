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

"""Configuration files of oslo.config."""

import configparser


def write(path, *layers):
    """Write a file.

    :param path: where to
    :param layers: the options of each section; those of a later layer count
    :returns: the path
    """
    # NOTE: for oslo.config DEFAULT is a section as any other.
    parser = configparser.ConfigParser(
        default_section='', interpolation=None)
    for layer in layers:
        parser.read_dict({
            section: {name: str(value).replace('$', '$$')
                      for name, value in options.items()}
            for section, options in layer.items()})
    with open(path, 'w') as target:
        parser.write(target)
    return path


def change(path, options):
    """Change a file.

    :param path: where it is
    :param options: those that are to be other ones, of each section
    """
    parser = configparser.ConfigParser(
        default_section='', interpolation=None)
    parser.read(path)
    parser.read_dict(options)
    with open(path, 'w') as target:
        parser.write(target)
