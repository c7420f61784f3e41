# manifest.awk CHANGES MANIFEST: the manifest in which the components of CHANGES take the place of those of
# the same name, and those named by "without NAME" are left out.
FNR == NR && $1 == "without" { gone[$2] = 1; next }
FNR == NR && $1 == "component" { gone[$2] = 1 }
FNR == NR { print; next }
$1 == "component" { skip = ($2 in gone) }
!skip { print }
