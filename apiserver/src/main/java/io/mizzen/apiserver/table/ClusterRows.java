// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.quantity.Quantity;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Nodes, namespaces, events, configuration and the cluster's own bookkeeping. */
final class ClusterRows {
    private static final String ROLE_PREFIX = "node-role.kubernetes.io/";

    private ClusterRows() {}

    static void register(Map<String, RowMaker> makers) {
        makers.put("Node", ClusterRows::node);
        makers.put(
                "Namespace",
                row -> row.name().text(row.status().path("phase").asText("")).age());
        makers.put("Event", ClusterRows::event);
        makers.put("Event.events.k8s.io", ClusterRows::event);
        makers.put("Secret", ClusterRows::secret);
        makers.put("ConfigMap", ClusterRows::configMap);
        makers.put("ServiceAccount", row -> row.name().age());
        makers.put("ComponentStatus", ClusterRows::componentStatus);
        makers.put(
                "Lease.coordination.k8s.io",
                row -> row.name()
                        .text(row.spec().path("holderIdentity").asText(""))
                        .age());
        makers.put(
                "RuntimeClass.node.k8s.io",
                row -> row.name().text(row.object().path("handler").asText("")).age());
        makers.put("PriorityClass.scheduling.k8s.io", ClusterRows::priorityClass);
        makers.put("APIService.apiregistration.k8s.io", ClusterRows::apiService);
        makers.put("CertificateSigningRequest.certificates.k8s.io", ClusterRows::signingRequest);
        makers.put("NodeMetrics.metrics.k8s.io", row -> usage(row, List.of(row.object())));
        makers.put("PodMetrics.metrics.k8s.io", row -> usage(row, row.object().path("containers")));
        makers.put("DeviceClass.resource.k8s.io", row -> row.name().age());
        makers.put("ResourceClaim.resource.k8s.io", ClusterRows::resourceClaim);
        makers.put("ResourceClaimTemplate.resource.k8s.io", row -> row.name().age());
        makers.put("ResourceSlice.resource.k8s.io", ClusterRows::resourceSlice);
    }

    /** Usage of a node, or of the containers of a pod together. */
    private static void usage(Row row, Iterable<? extends JsonNode> users) {
        row.name();
        for (String resource : List.of("cpu", "memory")) {
            Quantity sum = Quantity.ZERO;
            for (JsonNode user : users) {
                sum = sum.plus(Quantity.parse(user.path("usage").path(resource).asText("0")));
            }
            row.text(sum.toString());
        }
        row.text(row.object().path("window").asText(""));
    }

    private static void node(Row row) {
        String ready = Row.condition(row.object(), "Ready");
        String status = ready.isEmpty() ? "Unknown" : ready.equals("True") ? "Ready" : "NotReady";
        boolean unschedulable = row.spec().path("unschedulable").asBoolean(false);
        row.name().text(status + (unschedulable ? ",SchedulingDisabled" : "")).text(roles(row.object()));
        JsonNode info = row.status().path("nodeInfo");
        row.age().text(info.path("kubeletVersion").asText(""));
        row.text(address(row, "InternalIP")).text(address(row, "ExternalIP"));
        row.text(info.path("osImage"), Row.UNKNOWN).text(info.path("kernelVersion"), Row.UNKNOWN);
        row.text(info.path("containerRuntimeVersion"), Row.UNKNOWN);
    }

    private static String roles(JsonNode node) {
        TreeSet<String> roles = new TreeSet<>();
        node.path("metadata").path("labels").properties().forEach(label -> {
            String key = label.getKey();
            String value = label.getValue().asText("");
            if (key.startsWith(ROLE_PREFIX) && key.length() > ROLE_PREFIX.length()) {
                roles.add(key.substring(ROLE_PREFIX.length()));
            } else if (key.equals("kubernetes.io/role") && !value.isEmpty()) {
                roles.add(value);
            }
        });
        return roles.isEmpty() ? Row.NONE : String.join(",", roles);
    }

    private static String address(Row row, String type) {
        for (JsonNode address : row.status().path("addresses")) {
            if (address.path("type").asText("").equals(type)) {
                return address.path("address").asText("");
            }
        }
        return Row.NONE;
    }

    /** Events of both groups; the newer one keeps the older fields under other names. */
    private static void event(Row row) {
        JsonNode event = row.object();
        JsonNode first = either(event, "firstTimestamp", "deprecatedFirstTimestamp");
        String firstSeen = row.since(first.isTextual() ? first : event.path("eventTime"));
        JsonNode last = either(event, "lastTimestamp", "deprecatedLastTimestamp");
        JsonNode series = event.path("series");
        String lastSeen = last.isTextual() ? row.since(last) : firstSeen;
        if (series.isObject()) {
            lastSeen = row.since(series.path("lastObservedTime"));
        }
        JsonNode about = either(event, "involvedObject", "regarding");
        String kind = about.path("kind").asText("").toLowerCase(Locale.ROOT);
        String name = about.path("name").asText("");
        JsonNode source = either(event, "source", "deprecatedSource");
        String component = Row.textOr(
                source.path("component"),
                either(event, "reportingComponent", "reportingController").asText(""));
        String host =
                Row.textOr(source.path("host"), event.path("reportingInstance").asText(""));
        long count = either(event, "count", "deprecatedCount").asLong(0);
        if (series.isObject()) {
            count = series.path("count").asLong(0);
        }
        row.text(lastSeen)
                .text(event.path("type").asText(""))
                .text(event.path("reason").asText(""));
        row.text(name.isEmpty() ? kind : kind + "/" + name)
                .text(about.path("fieldPath").asText(""));
        row.text(host.isEmpty() ? component : component + ", " + host);
        row.text(either(event, "message", "note").asText("").strip());
        row.text(firstSeen).number(count == 0 ? 1 : count).name();
    }

    private static JsonNode either(JsonNode object, String field, String otherwise) {
        return object.hasNonNull(field) ? object.path(field) : object.path(otherwise);
    }

    private static void secret(Row row) {
        row.name().text(row.object().path("type").asText(""));
        row.number(row.object().path("data").size()).age();
    }

    private static void configMap(Row row) {
        row.name()
                .number(row.object().path("data").size()
                        + (long) row.object().path("binaryData").size())
                .age();
    }

    private static void componentStatus(Row row) {
        String status = "Unknown";
        String message = "";
        String error = "";
        for (JsonNode condition : row.object().path("conditions")) {
            if (condition.path("type").asText("").equals("Healthy")) {
                status = condition.path("status").asText("").equals("True") ? "Healthy" : "Unhealthy";
                message = condition.path("message").asText("");
                error = condition.path("error").asText("");
            }
        }
        row.name().text(status).text(message).text(error);
    }

    private static void priorityClass(Row row) {
        row.name().number(row.object().path("value"));
        row.flag(row.object().path("globalDefault").asBoolean(false)).age();
        row.text(row.object().path("preemptionPolicy").asText(""));
    }

    private static void apiService(Row row) {
        JsonNode service = row.spec().path("service");
        String where = service.isObject()
                ? service.path("namespace").asText("") + "/"
                        + service.path("name").asText("")
                : "Local";
        String available = "Unknown";
        for (JsonNode condition : row.status().path("conditions")) {
            if (condition.path("type").asText("").equals("Available")) {
                available = condition.path("status").asText("");
                String reason = condition.path("reason").asText("");
                if (!available.equals("True") && !reason.isEmpty()) {
                    available += " (" + reason + ")";
                }
            }
        }
        row.name().text(where).text(available).age();
    }

    private static void signingRequest(Row row) {
        JsonNode spec = row.spec();
        JsonNode expiration = spec.path("expirationSeconds");
        row.name()
                .age()
                .text(spec.path("signerName"), Row.NONE)
                .text(spec.path("username").asText(""));
        row.text(expiration.isNumber() ? WorkloadRows.seconds(expiration) : Row.NONE);
        boolean approved = false;
        boolean denied = false;
        boolean failed = false;
        for (JsonNode condition : row.status().path("conditions")) {
            String type = condition.path("type").asText("");
            approved |= type.equals("Approved");
            denied |= type.equals("Denied");
            failed |= type.equals("Failed");
        }
        String state = denied ? "Denied" : approved ? "Approved" : "Pending";
        boolean issued = !row.status().path("certificate").asText("").isEmpty();
        row.text(state + (failed ? ",Failed" : "") + (issued ? ",Issued" : ""));
    }

    private static void resourceClaim(Row row) {
        boolean deleted = row.object().path("metadata").hasNonNull("deletionTimestamp");
        boolean allocated = row.status().path("allocation").isObject();
        java.util.List<String> states = new java.util.ArrayList<>();
        if (deleted) {
            states.add("deleted");
        }
        if (!allocated && !deleted) {
            states.add("pending");
        }
        if (allocated) {
            states.add("allocated");
            if (!row.status().path("reservedFor").isEmpty()) {
                states.add("reserved");
            }
        }
        row.name().text(String.join(",", states)).age();
    }

    private static void resourceSlice(Row row) {
        row.name()
                .text(row.spec().path("nodeName").asText(""))
                .text(row.spec().path("driver").asText(""));
        row.text(row.spec().path("pool").path("name").asText("")).age();
    }
}
