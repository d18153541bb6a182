#!/bin/bash
# The peers of the benchmarks from pip, in a virtual environment: Benchmarks/setup.sh FOLDER
set -eu
folder=${1:?usage: Benchmarks/setup.sh FOLDER}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --upgrade pip
"$folder/bin/pip" install --quiet numpy torch transformers peft safetensors matplotlib \
  llama-cpp-python
