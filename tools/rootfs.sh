#!/bin/sh
# Put the Linux root file system together from the skeleton in rootfs/ and the unpacked
# Debian packages.
#
#   tools/rootfs.sh BUILD     writes BUILD/root
#
# Modes come from here and not from the host's umask, so that the image is the same
# everywhere. /root and /tmp get theirs when the image is made (mk/image.mk).
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=$1
new=$build/root.new
umask 022

rm -rf "$new"
mkdir -p "$new"
cd "$new"
mkdir -p bin dev etc home mnt opt proc root run sbin sys tmp usr/bin usr/sbin usr/lib \
	usr/local/bin var/log var/tmp
cd - >/dev/null

cp -R "$top/rootfs/." "$new/"
find "$new" -type d -exec chmod 755 {} +
find "$new" -type f ! -perm -u+x -exec chmod 644 {} +
find "$new" -type f -perm -u+x -exec chmod 755 {} +

for package in "$build"/debian/root/*/; do
	case $package in
	*busybox-static/)
		mkdir -p "$new/bin"
		cp -p "$package/bin/busybox" "$new/bin/busybox"
		;;
	*/mksh/)
		# The static one alone: /bin/mksh-static is a link to it.
		mkdir -p "$new/bin" "$new/usr/lib/klibc/bin"
		cp -P -p "$package/bin/mksh-static" "$new/bin/"
		cp -p "$package/usr/lib/klibc/bin/mksh" "$new/usr/lib/klibc/bin/"
		;;
	*.new/) ;;
	*)
		cp -R -p "$package/." "$new/"
		;;
	esac
done

# One link for each applet, in the folder where it belongs: bin/sh -> busybox.
"$new/bin/busybox" --list-full | while read -r applet; do
	case $applet in bin/busybox | linuxrc) continue ;; esac
	mkdir -p "$new/${applet%/*}"
	# What a package brought goes before an applet.
	[ -e "$new/$applet" ] || [ -L "$new/$applet" ] || ln -s /bin/busybox "$new/$applet"
done

# The names by which scripts call them.
for shell in bash mksh zsh; do
	[ -e "$new/bin/$shell" ] || ln -s "$shell-static" "$new/bin/$shell"
done
rm -f "$new/bin/zsh5-static"

# What no program reads.
for folder in doc man lintian bug menu pixmaps debianutils; do
	rm -rf "$new/usr/share/$folder"
done

rm -rf "$build/root"
mv "$new" "$build/root"
