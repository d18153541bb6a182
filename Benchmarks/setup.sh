#!/bin/bash
# The peers of the benchmarks from pip, in a virtual environment: Benchmarks/setup.sh FOLDER
#
# Benchmarks/setup.sh FOLDER --finetune builds llama.cpp's own trainer as well, as
# FOLDER/bin/llama-finetune. That takes a C++ compiler and, on one processor, some eight minutes;
# CMAKE_BUILD_PARALLEL_LEVEL says how many processors it may use, all of them without.
set -eu
folder=${1:?usage: Benchmarks/setup.sh FOLDER [--finetune]}
case ${2-} in
  ''|--finetune) ;;
  *) echo "unknown option $2" >&2; exit 2 ;;
esac
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --upgrade pip
"$folder/bin/pip" install --quiet numpy torch transformers peft safetensors matplotlib \
  llama-cpp-python
[ "${2-}" = --finetune ] || exit 0

# The sources are those of the llama-cpp-python that was just installed, so that both programs are
# one version of llama.cpp. Told of no commit, the program would name that of any repository it is
# built inside of; so it is told what it was built from.
version=$("$folder/bin/python" -c \
  'from importlib.metadata import version; print(version("llama-cpp-python"))')
work=$folder/llama-finetune-build
rm -rf "$work"
mkdir "$work"
"$folder/bin/pip" install --quiet cmake
"$folder/bin/pip" download --quiet --no-deps --no-binary llama-cpp-python --dest "$work" \
  "llama-cpp-python==$version"
tar -xzf "$work"/llama_cpp_python-*.tar.gz -C "$work" --strip-components=1
"$folder/bin/cmake" -S "$work/vendor/llama.cpp" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
  -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_ALL_WARNINGS=OFF \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF \
  -DLLAMA_BUILD_NUMBER=0 -DLLAMA_BUILD_COMMIT="llama-cpp-python-$version"
"$folder/bin/cmake" --build "$work/build" --target llama-finetune \
  --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(getconf _NPROCESSORS_ONLN)}"
cp "$work/build/bin/llama-finetune" "$folder/bin/"
rm -r "$work"
"$folder/bin/llama-finetune" --version
