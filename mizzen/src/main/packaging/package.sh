#!/bin/sh
# Called by Maven's package phase: puts the programs beside the collected jars, makes the ahead-of-time caches by a
# training run, and packs the tarball.   package.sh TARGET-FOLDER VERSION
#
# The caches only make starts faster. Where the training run cannot be done (not root, no network namespaces) there are
# none, and everything works without.
set -eu

target=$1
version=$2
here=$(dirname "$(readlink -f "$0")")
checkout=$(readlink -f "$here/../../../..")
dist=$target/dist

cp -p "$target/mizzen.jar" "$dist/lib/mizzen.jar"
mkdir -p "$dist/bin"
cp -p "$checkout"/bin/* "$dist/bin/"
chmod 0755 "$dist"/bin/*

# A cache of older jars must go in any case: the JVM may take classes from it all the same.
if [ -n "$(find "$dist/lib" -name '*.jar' -newer "$dist/lib/server.aot" 2>/dev/null)" ]; then
    rm -f "$dist"/lib/*.aot
fi
if [ "${MIZZEN_AOT:-yes}" = yes ] && [ ! -s "$dist/lib/server.aot" ]; then
    rm -f "$dist"/lib/*.aot
    "$here/train.sh" "$dist" "$target/training" || echo "package: no ahead-of-time caches (see $target/training)"
fi

name=mizzen-$version
rm -rf "${target:?}/$name"
mkdir "$target/$name"
cp -pr "$dist/bin" "$dist/lib" "$target/$name/"
cp -p "$checkout/LICENSE" "$target/$name/"
tar -C "$target" --owner=0 --group=0 -czf "$target/$name.tar.gz" "$name"
rm -rf "${target:?}/$name"
