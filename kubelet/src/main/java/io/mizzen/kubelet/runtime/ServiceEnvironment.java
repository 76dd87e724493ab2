// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Environment variables that name the services of a namespace, in the form of Docker's old links. Pure. */
final class ServiceEnvironment {
    private ServiceEnvironment() {}

    /**
     * Variables for a pod's containers.
     *
     * @param services of the pod's namespace and of {@code default}
     * @param namespace of the pod
     * @param hasLinks {@code spec.enableServiceLinks}; without, only the API server is named
     */
    static Map<String, String> of(List<Service> services, String namespace, boolean hasLinks) {
        Map<String, Service> chosen = new TreeMap<>();
        for (Service service : services) {
            String name = service.getMetadata().getName();
            String in = service.getMetadata().getNamespace();
            String address = service.getSpec().getClusterIP();
            if (address == null || address.isEmpty() || address.equals("None")) {
                continue;
            }
            boolean isMaster = in.equals("default") && name.equals("kubernetes");
            if (isMaster) {
                chosen.putIfAbsent(name, service);
            } else if (hasLinks && in.equals(namespace)) {
                chosen.put(name, service);
            }
        }
        Map<String, String> out = new LinkedHashMap<>();
        chosen.values().forEach(s -> add(out, s));
        return out;
    }

    private static void add(Map<String, String> out, Service service) {
        String prefix = variable(service.getMetadata().getName());
        String ip = service.getSpec().getClusterIP();
        List<ServicePort> ports = service.getSpec().getPorts();
        if (ports.isEmpty()) {
            return;
        }
        out.put(prefix + "_SERVICE_HOST", ip);
        out.put(prefix + "_SERVICE_PORT", Integer.toString(ports.getFirst().getPort()));
        for (ServicePort port : ports) {
            if (port.getName() != null && !port.getName().isEmpty()) {
                out.put(prefix + "_SERVICE_PORT_" + variable(port.getName()), Integer.toString(port.getPort()));
            }
        }
        boolean isFirst = true;
        for (ServicePort port : ports) {
            String protocol = port.getProtocol() == null ? "TCP" : port.getProtocol();
            String url = protocol.toLowerCase(Locale.ROOT) + "://" + (ip.contains(":") ? "[" + ip + "]" : ip) + ":"
                    + port.getPort();
            if (isFirst) {
                out.put(prefix + "_PORT", url);
                isFirst = false;
            }
            String each = prefix + "_PORT_" + port.getPort() + "_" + protocol;
            out.put(each, url);
            out.put(each + "_PROTO", protocol.toLowerCase(Locale.ROOT));
            out.put(each + "_PORT", Integer.toString(port.getPort()));
            out.put(each + "_ADDR", ip);
        }
    }

    private static String variable(String name) {
        return name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
