#!/bin/sh
# Fetch Debian packages for the Linux root file system and unpack them.
#
#   tools/debian.sh BUILD [PACKAGE [depends]]...
#
# Without packages: those of tools/debian.list. Each is unpacked under
# BUILD/debian/root/PACKAGE; with `depends`, all that it depends on goes there too.
#
# apt works here on a root of its own under BUILD/debian/apt: its own state, cache and
# list of installed packages (none). Of the host it uses the sources, their keys and the
# proxy settings, and changes nothing, so it runs as an ordinary user. A package that is
# already there is not fetched again; remove BUILD/debian to get newer versions.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
architecture=amd64

fail()
{
	echo "debian.sh: $*" >&2
	exit 1
}

[ $# -ge 1 ] || fail "usage: tools/debian.sh BUILD [PACKAGE [depends]]..."
mkdir -p "$1/debian"
build=$(cd "$1/debian" && pwd)
shift
if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046 # words are what is wanted
	set -- $(sed 's/#.*//' "$top/tools/debian.list")
fi
for tool in apt-get apt-config dpkg-deb; do
	command -v $tool >/dev/null ||
		fail "needs $tool: packages can be fetched on Debian and Ubuntu only"
done

apt=$build/apt

# Written anew each time: the host's proxy may have changed.
configure()
{
	mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/log" "$apt/debs"
	: >"$apt/status"
	{
		# The host's own hooks and options stay out, how it reaches servers comes in.
		apt-config dump | grep '^Acquire::' || true
		cat <<-END
			Dir::State "$apt";
			Dir::State::lists "$apt/lists";
			Dir::State::status "$apt/status";
			Dir::Cache "$apt";
			Dir::Cache::archives "$apt/archives";
			Dir::Log "$apt/log";
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			APT::Architecture "$architecture";
			APT::Architectures { "$architecture"; };
			APT::Install-Recommends "false";
			APT::Sandbox::User "$(id -un)";
			Acquire::Languages "none";
			Acquire::Retries "3";
			Acquire::http::Timeout "30";
		END
	} >"$apt/apt.conf"
	export APT_CONFIG="$apt/apt.conf"
}

# A list that cannot be had (a third party's, say) matters only if a package is missing.
update()
{
	[ -z "${updated:-}" ] || return 0
	updated=yes
	echo "debian.sh: reading the package lists" >&2
	apt-get -q update >"$apt/log/update" 2>&1 || true
}

offline()
{
	tail -5 "$1" >&2
	fail "cannot fetch $package: is this machine offline? A mirror of the host's" \
		"/etc/apt sources must be reachable the first time (set http_proxy if there" \
		"is a proxy). Or put ${package}_*.deb into $apt/debs by hand."
}

# The package alone, or with all that it depends on, into $apt/debs.
fetch()
{
	update
	echo "debian.sh: fetching $package" >&2
	if [ -n "$depends" ]; then
		apt-get -q -y --download-only install "$package" >"$apt/log/fetch" 2>&1 ||
			offline "$apt/log/fetch"
		mkdir -p "$apt/debs/$package"
		mv "$apt"/archives/*.deb "$apt/debs/$package/"
	else
		(cd "$apt/debs" && apt-get -q download "$package") >"$apt/log/fetch" 2>&1 ||
			offline "$apt/log/fetch"
	fi
}

# The package's .deb files: one, or with depends all of its folder.
debs()
{
	if [ -n "$depends" ]; then
		ls "$apt/debs/$package"/*.deb 2>/dev/null || true
	else
		# shellcheck disable=SC2012 # names of packages are plain
		ls "$apt/debs/${package}"_*.deb 2>/dev/null | tail -1
	fi
}

unpack()
{
	rm -rf "$build/root/$package.new"
	mkdir -p "$build/root/$package.new"
	for deb in $(debs); do
		dpkg-deb -x "$deb" "$build/root/$package.new"
	done
	rm -rf "$build/root/$package"
	mv "$build/root/$package.new" "$build/root/$package"
}

# Make calls it for the root and for the disc at the same time.
exec 9>"$build/lock"
flock 9
configure
while [ $# -gt 0 ]; do
	package=$1
	depends=
	shift
	if [ "${1:-}" = depends ]; then
		depends=yes
		shift
	fi
	[ -n "$(debs)" ] || fetch
	[ -n "$(debs)" ] || fail "$package: fetched, but no file came"
	[ -d "$build/root/$package" ] || unpack
done
