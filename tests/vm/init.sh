#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

# The guest's first process. The kernel talks on ttyS0; on ttyS1 a shell does what
# the test says.

/bin/busybox --install -s /bin
export PATH=/usr/local/bin:/usr/sbin:/usr/bin HOME=/root NO_COLOR=1
mkdir -p /proc /sys /dev /run /tmp /root /var/run /etc
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts /dev/shm /dev/hugepages
mount -t devpts none /dev/pts
mount -t tmpfs none /dev/shm
mount -t tmpfs none /run
ln -s /run /var/run
chmod 1777 /tmp /dev/shm
chmod 755 / # EAL loads no plugin below a folder that all may write
echo 'root:x:0:0::/root:/bin/sh' >/etc/passwd
echo 'user:x:1000:1000::/tmp:/bin/sh' >>/etc/passwd
printf 'root:x:0:\nuser:x:1000:\n' >/etc/group
hostname guest
ip link set lo up
cd /root
exec </dev/null >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 raw -echo
echo ready
exec setsid sh /dev/ttyS1
