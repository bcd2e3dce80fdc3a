#!/bin/sh
# udhcpc calls this with the lease in variables; the answer goes to the card and, for /init, to /run/bennu/lease.
case $1 in
    bound | renew) ;;
    *) exit 0 ;;
esac
ip -4 addr flush dev "$interface"
ip addr add "$ip/${mask:-24}" broadcast + dev "$interface"
# The route is written as networkd would write it, so that it takes this one over and there are not two.
for gateway in $router; do
    ip route replace "$gateway" dev "$interface" proto dhcp metric 1024 src "$ip"
    ip route replace default via "$gateway" dev "$interface" proto dhcp metric 1024 src "$ip"
    break
done
# Values come from the network: keep the characters that an address, a name or a list of them may have.
plain() { printf '%s' "$1" | tr -cd 'A-Za-z0-9. :-'; }
{
    echo "ADDRESS='$(plain "$ip")'"
    echo "DNS='$(plain "$dns")'"
    echo "DOMAIN='$(plain "$domain")'"
    echo "HOSTNAME_OFFERED='$(plain "$hostname")'"
} > /run/bennu/lease
