#ifndef BENNU_CLIBVIRT_SHIM_H
#define BENNU_CLIBVIRT_SHIM_H
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libvirt/libvirt-qemu.h>
#endif
