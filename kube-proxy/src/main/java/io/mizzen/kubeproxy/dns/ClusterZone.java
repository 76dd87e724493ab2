// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Address;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * The names of a cluster, as the Kubernetes DNS specification 1.1.0 has them. Looks each question up anew, so answers are as
 * fresh as the caches behind {@link ServiceSource}. Does no I/O; thread-safe.
 */
public final class ClusterZone {
    /** How long an answer may be kept, seconds. */
    public static final long TTL = 5;

    private static final String SPECIFICATION = "1.1.0";

    private final Name zone;
    private final String suffix;
    private final ServiceSource source;

    /** A zone of this domain, such as {@code cluster.local}. */
    public ClusterZone(String domain, ServiceSource source) {
        this.zone = absolute(domain.endsWith(".") ? domain : domain + ".");
        this.suffix = "." + zone.toString().toLowerCase(Locale.ROOT);
        this.source = source;
    }

    /** Answers a question. */
    public ZoneAnswer answer(Name name, int type) {
        String text = name.toString().toLowerCase(Locale.ROOT);
        if (text.endsWith(".in-addr.arpa.") || text.endsWith(".ip6.arpa.")) {
            return reverse(name, type);
        }
        if (name.equals(zone)) {
            return type == Type.SOA || type == Type.ANY
                    ? new ZoneAnswer.Found(List.of(authority()), List.of())
                    : new ZoneAnswer.NoData();
        }
        if (!text.endsWith(suffix)) {
            return new ZoneAnswer.NotOurs();
        }
        List<String> labels =
                List.of(text.substring(0, text.length() - suffix.length()).split("\\."));
        List<String> reversed = labels.reversed();
        return switch (reversed.getFirst()) {
            case "svc" -> inServices(name, type, reversed);
            case "pod" -> inPods(name, type, reversed);
            case "dns-version" ->
                labels.size() == 1
                        ? only(type, Type.TXT, List.of(new TXTRecord(name, DClass.IN, TTL, SPECIFICATION)))
                        : new ZoneAnswer.NoName();
            default -> new ZoneAnswer.NoName();
        };
    }

    /** The zone's SOA record, for answers without records. */
    public Record authority() {
        return new SOARecord(
                zone,
                DClass.IN,
                TTL,
                absolute("ns.dns." + zone),
                absolute("hostmaster." + zone),
                1,
                7200,
                1800,
                86400,
                TTL);
    }

    /** {@code reversed} is svc, namespace, service, and what stands before. */
    private ZoneAnswer inServices(Name name, int type, List<String> reversed) {
        if (reversed.size() == 1) {
            return new ZoneAnswer.NoData();
        }
        String namespace = reversed.get(1);
        if (reversed.size() == 2) {
            return source.hasServices(namespace) ? new ZoneAnswer.NoData() : new ZoneAnswer.NoName();
        }
        Optional<Service> found = source.service(namespace, reversed.get(2));
        if (found.isEmpty()) {
            return new ZoneAnswer.NoName();
        }
        Service service = found.get();
        if ("ExternalName".equals(service.getSpec().getType())) {
            return reversed.size() == 3 ? alias(name, service) : new ZoneAnswer.NoName();
        }
        return switch (reversed.size()) {
            case 3 -> addresses(name, type, isHeadless(service) ? endpointIps(service, null) : clusterIps(service));
            case 4 -> inService(name, type, service, reversed.get(3));
            case 5 -> portRecords(name, type, service, reversed.get(3), reversed.get(4));
            default -> new ZoneAnswer.NoName();
        };
    }

    /** {@code _tcp.service…} exists without records of its own; else it is the host name of an endpoint. */
    private ZoneAnswer inService(Name name, int type, Service service, String label) {
        if (label.startsWith("_")) {
            boolean isUsed = service.getSpec().getPorts().stream()
                    .anyMatch(port -> label.equals("_" + protocol(port.getProtocol())));
            return isUsed ? new ZoneAnswer.NoData() : new ZoneAnswer.NoName();
        }
        List<String> ips = endpointIps(service, label);
        return ips.isEmpty() ? new ZoneAnswer.NoName() : addresses(name, type, ips);
    }

    private static ZoneAnswer addresses(Name name, int type, List<String> ips) {
        if (ips.isEmpty()) {
            return new ZoneAnswer.NoData();
        }
        List<Record> records = new ArrayList<>();
        for (String ip : ips) {
            Record record = address(name, ip);
            if (record.getType() == type || type == Type.ANY) {
                records.add(record);
            }
        }
        return records.isEmpty() ? new ZoneAnswer.NoData() : new ZoneAnswer.Found(records, List.of());
    }

    /** SRV records: one for a cluster IP, one an endpoint for a headless Service. */
    private ZoneAnswer portRecords(Name name, int type, Service service, String protocol, String port) {
        List<Record> records = new ArrayList<>();
        Map<Record, Record> additional = new LinkedHashMap<>();
        Name own = serviceName(service);
        if (!isHeadless(service)) {
            for (ServicePort candidate : service.getSpec().getPorts()) {
                if (isAsked(candidate.getName(), candidate.getProtocol(), port, protocol)) {
                    records.add(new SRVRecord(name, DClass.IN, TTL, 0, 100, candidate.getPort(), own));
                    clusterIps(service).forEach(ip -> add(additional, address(own, ip)));
                }
            }
        } else {
            Set<String> seen = new LinkedHashSet<>();
            for (EndpointSlice slice : slices(service)) {
                for (EndpointPort candidate : slice.getPorts()) {
                    if (candidate.getPort() == null
                            || !isAsked(candidate.getName(), candidate.getProtocol(), port, protocol)) {
                        continue;
                    }
                    readyEndpoints(slice)
                            .forEach(endpoint -> endpoint.getAddresses().forEach(ip -> {
                                Name host = absolute(hostLabel(endpoint, ip) + "." + own);
                                if (seen.add(host + " " + candidate.getPort())) {
                                    records.add(new SRVRecord(name, DClass.IN, TTL, 0, 100, candidate.getPort(), host));
                                }
                                add(additional, address(host, ip));
                            }));
                }
            }
        }
        if (records.isEmpty()) {
            return new ZoneAnswer.NoName();
        }
        return type == Type.SRV || type == Type.ANY
                ? new ZoneAnswer.Found(records, List.copyOf(additional.values()))
                : new ZoneAnswer.NoData();
    }

    private static void add(Map<Record, Record> records, Record record) {
        records.put(record, record);
    }

    private static boolean isAsked(
            @Nullable String name, @Nullable String portProtocol, String askedPort, String askedProtocol) {
        return name != null
                && !name.isEmpty()
                && askedPort.equals("_" + name)
                && askedProtocol.equals("_" + protocol(portProtocol));
    }

    /** {@code 10-42-0-7.namespace.pod…}: the name says the address, whether or not there is such a pod. */
    private static ZoneAnswer inPods(Name name, int type, List<String> reversed) {
        if (reversed.size() <= 2) {
            return new ZoneAnswer.NoData();
        }
        String label = reversed.get(2);
        String ip = label.matches("\\d+-\\d+-\\d+-\\d+") ? label.replace('-', '.') : label.replace('-', ':');
        boolean isAddress =
                Address.toByteArray(ip, Address.IPv4) != null || Address.toByteArray(ip, Address.IPv6) != null;
        return reversed.size() > 3 || !isAddress ? new ZoneAnswer.NoName() : addresses(name, type, List.of(ip));
    }

    private static ZoneAnswer alias(Name name, Service service) {
        String external = service.getSpec().getExternalName();
        if (external == null || external.isEmpty()) {
            return new ZoneAnswer.NoName();
        }
        Name target = absolute(external.endsWith(".") ? external : external + ".");
        return new ZoneAnswer.Alias(new CNAMERecord(name, DClass.IN, TTL, target), target);
    }

    private ZoneAnswer reverse(Name name, int type) {
        String ip;
        try {
            ip = ReverseMap.fromName(name).getHostAddress();
        } catch (UnknownHostException notAnAddress) {
            return new ZoneAnswer.NotOurs();
        }
        Set<Name> names = new LinkedHashSet<>();
        source.servicesAt(ip).forEach(service -> names.add(serviceName(service)));
        for (EndpointSlice slice : source.slicesAt(ip)) {
            serviceOf(slice).filter(ClusterZone::isHeadless).ifPresent(service -> {
                for (Endpoint endpoint : readyEndpoints(slice)) {
                    if (endpoint.getAddresses().contains(ip)) {
                        names.add(absolute(hostLabel(endpoint, ip) + "." + serviceName(service)));
                    }
                }
            });
        }
        if (names.isEmpty()) {
            return new ZoneAnswer.NotOurs();
        }
        List<Record> records = new ArrayList<>();
        names.forEach(target -> records.add(new PTRRecord(name, DClass.IN, TTL, target)));
        return only(type, Type.PTR, records);
    }

    private Optional<Service> serviceOf(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        String service = labels == null ? null : labels.get("kubernetes.io/service-name");
        return service == null
                ? Optional.empty()
                : source.service(slice.getMetadata().getNamespace(), service);
    }

    private static ZoneAnswer only(int asked, int type, List<Record> records) {
        return asked == type || asked == Type.ANY ? new ZoneAnswer.Found(records, List.of()) : new ZoneAnswer.NoData();
    }

    private List<EndpointSlice> slices(Service service) {
        return source.slices(
                service.getMetadata().getNamespace(), service.getMetadata().getName());
    }

    /** Addresses of ready endpoints, or of those with this host label. */
    private List<String> endpointIps(Service service, @Nullable String label) {
        Set<String> ips = new LinkedHashSet<>();
        for (EndpointSlice slice : slices(service)) {
            if ("FQDN".equals(slice.getAddressType())) {
                continue;
            }
            for (Endpoint endpoint : readyEndpoints(slice)) {
                for (String ip : endpoint.getAddresses()) {
                    if (label == null || label.equals(hostLabel(endpoint, ip))) {
                        ips.add(ip);
                    }
                }
            }
        }
        return List.copyOf(ips);
    }

    private static List<Endpoint> readyEndpoints(EndpointSlice slice) {
        return slice.getEndpoints().stream()
                .filter(endpoint -> endpoint.getConditions() == null
                        || !Boolean.FALSE.equals(endpoint.getConditions().getReady()))
                .toList();
    }

    private static String hostLabel(Endpoint endpoint, String ip) {
        return endpoint.getHostname() == null || endpoint.getHostname().isEmpty()
                ? ip.replace('.', '-').replace(':', '-')
                : endpoint.getHostname();
    }

    private Name serviceName(Service service) {
        return absolute(
                service.getMetadata().getName() + "." + service.getMetadata().getNamespace() + ".svc" + suffix);
    }

    private static boolean isHeadless(Service service) {
        return "None".equals(service.getSpec().getClusterIP());
    }

    private static List<String> clusterIps(Service service) {
        List<String> ips = service.getSpec().getClusterIPs();
        String first = service.getSpec().getClusterIP();
        return !ips.isEmpty() ? ips : first == null || first.isEmpty() ? List.of() : List.of(first);
    }

    private static Record address(Name name, String ip) {
        byte[] four = Address.toByteArray(ip, Address.IPv4);
        byte[] bytes = four == null ? Address.toByteArray(ip, Address.IPv6) : four;
        try {
            InetAddress address = InetAddress.getByAddress(bytes);
            return four == null
                    ? new AAAARecord(name, DClass.IN, TTL, address)
                    : new ARecord(name, DClass.IN, TTL, address);
        } catch (UnknownHostException notAnAddress) {
            throw new IllegalArgumentException("not an address: " + ip, notAnAddress);
        }
    }

    private static String protocol(@Nullable String protocol) {
        return protocol == null || protocol.isEmpty() ? "tcp" : protocol.toLowerCase(Locale.ROOT);
    }

    private static Name absolute(String text) {
        try {
            return Name.fromString(text, Name.root);
        } catch (TextParseException malformed) {
            throw new IllegalArgumentException("not a domain name: " + text, malformed);
        }
    }
}
