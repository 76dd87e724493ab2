// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import static io.mizzen.scheduler.Objects.labels;
import static io.mizzen.scheduler.Objects.node;
import static io.mizzen.scheduler.Objects.pod;
import static io.mizzen.scheduler.Objects.requests;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.scheduler.FakeCluster;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row: a plugin, a pod, nodes with pods, and what the plugin says about each node in turn ("" is success). */
class FilterPluginsTest {
    record Row(String claim, Filter plugin, PodInfo pod, List<NodeInfo> nodes, List<String> expected) {
        @Override
        public String toString() {
            return plugin.name() + " " + claim;
        }
    }

    private static final FakeCluster CLUSTER = new FakeCluster();
    private static final String FIT_CPU = "UNSCHEDULABLE Insufficient cpu";

    static Stream<Row> rows() {
        return Stream.of(fit(), nodes(), taints(), affinity(), ports(), spread(), near())
                .flatMap(s -> s);
    }

    static Stream<Row> fit() {
        NodeInfo two = NodeInfo.of(node("n", "2", "1Gi"));
        NodeInfo busy = two.withPod(pod("old", requests("1500m", "1Mi")));
        NodeInfo full = NodeInfo.of(node(
                "n",
                "2",
                "1Gi",
                n -> n.editStatus().addToAllocatable("pods", new Quantity("0")).endStatus()));
        return Stream.of(
                new Row(
                        "takes what is free",
                        new NodeResourcesFit(),
                        pod("p", requests("500m", "1Mi")),
                        List.of(busy),
                        List.of("")),
                new Row(
                        "refuses what is taken",
                        new NodeResourcesFit(),
                        pod("p", requests("501m", "1Mi")),
                        List.of(busy),
                        List.of(FIT_CPU)),
                new Row(
                        "names every shortage, hopeless ones for good",
                        new NodeResourcesFit(),
                        pod("p", requests("3", "2Gi")),
                        List.of(busy),
                        List.of("UNSCHEDULABLE_AND_UNRESOLVABLE Insufficient cpu, Insufficient memory")),
                new Row(
                        "counts pods",
                        new NodeResourcesFit(),
                        pod("p"),
                        List.of(full),
                        List.of("UNSCHEDULABLE Too many pods")),
                new Row(
                        "lets a pod that asks for nothing onto a full node",
                        new NodeResourcesFit(),
                        pod("p"),
                        List.of(busy),
                        List.of("")),
                new Row(
                        "knows extended resources",
                        new NodeResourcesFit(),
                        pod(
                                "p",
                                p -> p.editSpec()
                                        .editFirstContainer()
                                        .withNewResources()
                                        .addToRequests("example.com/gpu", new Quantity("1"))
                                        .endResources()
                                        .endContainer()
                                        .endSpec()),
                        List.of(two),
                        List.of("UNSCHEDULABLE_AND_UNRESOLVABLE Insufficient example.com/gpu")));
    }

    static Stream<Row> nodes() {
        NodeInfo cordoned = NodeInfo.of(
                node("n", "1", "1Gi", n -> n.editSpec().withUnschedulable(true).endSpec()));
        return Stream.of(
                new Row(
                        "leaves cordoned nodes out",
                        new NodeUnschedulable(),
                        pod("p"),
                        List.of(cordoned),
                        List.of("UNSCHEDULABLE_AND_UNRESOLVABLE node(s) were unschedulable")),
                new Row(
                        "lets tolerant pods onto cordoned nodes",
                        new NodeUnschedulable(),
                        pod("p", tolerates("node.kubernetes.io/unschedulable", "Exists", "NoSchedule")),
                        List.of(cordoned),
                        List.of("")),
                new Row(
                        "takes only the named node",
                        new NodeName(),
                        pod("p", p -> p.editSpec().withNodeName("a").endSpec()),
                        List.of(named("a", Map.of()), named("b", Map.of())),
                        List.of("", "UNSCHEDULABLE_AND_UNRESOLVABLE node(s) didn't match the requested node name")));
    }

    static Stream<Row> taints() {
        NodeInfo tainted = NodeInfo.of(node("n", "1", "1Gi", taint("k", "v", "NoSchedule")));
        NodeInfo soft = NodeInfo.of(node("n", "1", "1Gi", taint("k", "v", "PreferNoSchedule")));
        String refusal = "UNSCHEDULABLE_AND_UNRESOLVABLE node(s) had untolerated taint(s)";
        return Stream.of(
                new Row(
                        "refuses an untolerated taint",
                        new TaintToleration(),
                        pod("p"),
                        List.of(tainted),
                        List.of(refusal)),
                new Row("ignores soft taints", new TaintToleration(), pod("p"), List.of(soft), List.of("")),
                new Row(
                        "takes Exists of all effects",
                        new TaintToleration(),
                        pod("p", tolerates("k", "Exists", null)),
                        List.of(tainted),
                        List.of("")),
                new Row(
                        "takes Exists without key",
                        new TaintToleration(),
                        pod("p", tolerates(null, "Exists", null)),
                        List.of(tainted),
                        List.of("")),
                new Row(
                        "compares the value",
                        new TaintToleration(),
                        pod("p", tolerates("k", "Equal", "NoSchedule")),
                        List.of(tainted),
                        List.of(refusal)),
                new Row(
                        "compares the effect",
                        new TaintToleration(),
                        pod("p", tolerates("k", "Exists", "NoExecute")),
                        List.of(tainted),
                        List.of(refusal)));
    }

    static Stream<Row> affinity() {
        String refusal = "UNSCHEDULABLE_AND_UNRESOLVABLE node(s) didn't match Pod's node affinity/selector";
        List<NodeInfo> nodes =
                List.of(named("a", Map.of("disk", "ssd", "cores", "8")), named("b", Map.of("cores", "4")));
        return Stream.of(
                new Row(
                        "asks for the selector's labels",
                        new NodeAffinity(),
                        pod(
                                "p",
                                p -> p.editSpec()
                                        .addToNodeSelector("disk", "ssd")
                                        .endSpec()),
                        nodes,
                        List.of("", refusal)),
                new Row(
                        "compares with Gt",
                        new NodeAffinity(),
                        pod("p", needs("cores", "Gt", "5")),
                        nodes,
                        List.of("", refusal)),
                new Row(
                        "compares with NotIn, absent counts",
                        new NodeAffinity(),
                        pod("p", needs("disk", "NotIn", "ssd")),
                        nodes,
                        List.of(refusal, "")),
                new Row(
                        "compares with Exists",
                        new NodeAffinity(),
                        pod("p", needs("disk", "Exists")),
                        nodes,
                        List.of("", refusal)));
    }

    static Stream<Row> ports() {
        String refusal = "UNSCHEDULABLE node(s) didn't have free ports for the requested pod ports";
        NodeInfo taken = NodeInfo.of(node("n", "1", "1Gi")).withPod(pod("old", port("127.0.0.1", "TCP", 80)));
        return Stream.of(
                new Row(
                        "refuses a taken port",
                        new NodePorts(),
                        pod("p", port("127.0.0.1", "TCP", 80)),
                        List.of(taken),
                        List.of(refusal)),
                new Row(
                        "refuses all addresses over one",
                        new NodePorts(),
                        pod("p", port(null, "TCP", 80)),
                        List.of(taken),
                        List.of(refusal)),
                new Row(
                        "allows another address",
                        new NodePorts(),
                        pod("p", port("10.0.0.1", "TCP", 80)),
                        List.of(taken),
                        List.of("")),
                new Row(
                        "allows another protocol",
                        new NodePorts(),
                        pod("p", port("127.0.0.1", "UDP", 80)),
                        List.of(taken),
                        List.of("")));
    }

    static Stream<Row> spread() {
        String refusal = "UNSCHEDULABLE node(s) didn't match pod topology spread constraints";
        NodeInfo a = named("a", Map.of("zone", "1"))
                .withPod(pod("x1", labels(Map.of("app", "x"))))
                .withPod(pod("x2", labels(Map.of("app", "x"))));
        NodeInfo b = named("b", Map.of("zone", "2")).withPod(pod("x3", labels(Map.of("app", "x"))));
        return Stream.of(
                new Row(
                        "keeps the skew",
                        new PodTopologySpread(CLUSTER),
                        pod("p", spreads(1, null)),
                        List.of(a, b),
                        List.of(refusal, "")),
                new Row(
                        "allows a greater skew",
                        new PodTopologySpread(CLUSTER),
                        pod("p", spreads(2, null)),
                        List.of(a, b),
                        List.of("", "")),
                new Row(
                        "misses the label",
                        new PodTopologySpread(CLUSTER),
                        pod("p", spreads(1, null)),
                        List.of(a, b, named("c", Map.of())),
                        List.of(
                                refusal,
                                "",
                                "UNSCHEDULABLE_AND_UNRESOLVABLE node(s) didn't match pod topology spread constraints (missing required label)")),
                new Row(
                        "counts missing domains as empty",
                        new PodTopologySpread(CLUSTER),
                        pod("p", spreads(1, 3)),
                        List.of(a, b),
                        List.of(refusal, refusal)));
    }

    static Stream<Row> near() {
        NodeInfo a = named("a", Map.of("zone", "1")).withPod(pod("db", labels(Map.of("app", "db"))));
        NodeInfo b = named("b", Map.of("zone", "2"));
        NodeInfo shy = named("c", Map.of("zone", "3")).withPod(pod("shy", away("web")));
        String far = "UNSCHEDULABLE_AND_UNRESOLVABLE node(s) didn't match pod affinity rules";
        String close = "UNSCHEDULABLE node(s) didn't match pod anti-affinity rules";
        String existing = "UNSCHEDULABLE node(s) didn't satisfy existing pods anti-affinity rules";
        return Stream.of(
                new Row(
                        "stays near",
                        new InterPodAffinity(CLUSTER),
                        pod("p", together("db", "web")),
                        List.of(a, b),
                        List.of("", far)),
                new Row(
                        "lets the first of a group in anywhere",
                        new InterPodAffinity(CLUSTER),
                        pod("p", together("web", "web")),
                        List.of(a, b),
                        List.of("", "")),
                new Row(
                        "stays away",
                        new InterPodAffinity(CLUSTER),
                        pod("p", away("db")),
                        List.of(a, b),
                        List.of(close, "")),
                new Row(
                        "respects those who were there",
                        new InterPodAffinity(CLUSTER),
                        pod("p", labels(Map.of("app", "web"))),
                        List.of(a, shy),
                        List.of("", existing)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void saysAboutEachNode(Row row) {
        CycleState state = new CycleState();
        Snapshot snapshot = Snapshot.of(row.nodes());
        if (row.plugin() instanceof PreFilter preFilter) {
            Status status = preFilter.preFilter(state, row.pod(), snapshot).status();
            assertThat(status.code()).isIn(Status.Code.SUCCESS, Status.Code.SKIP);
        }

        List<String> answers = row.nodes().stream()
                .map(node -> row.plugin().filter(state, row.pod(), node))
                .map(status -> status.isSuccess() ? "" : status.code() + " " + status.message())
                .toList();

        assertThat(answers).isEqualTo(row.expected());
    }

    private static NodeInfo named(String name, Map<String, String> labels) {
        return NodeInfo.of(
                node(name, "4", "4Gi", n -> n.editMetadata().addToLabels(labels).endMetadata()));
    }

    private static UnaryOperator<NodeBuilder> taint(String key, String value, String effect) {
        return n -> n.editSpec()
                .addNewTaint()
                .withKey(key)
                .withValue(value)
                .withEffect(effect)
                .endTaint()
                .endSpec();
    }

    private static UnaryOperator<PodBuilder> tolerates(String key, String operator, String effect) {
        return p -> p.editSpec()
                .addNewToleration()
                .withKey(key)
                .withOperator(operator)
                .withEffect(effect)
                .endToleration()
                .endSpec();
    }

    private static UnaryOperator<PodBuilder> needs(String key, String operator, String... values) {
        return p -> p.editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey(key)
                .withOperator(operator)
                .withValues(values)
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
    }

    private static UnaryOperator<PodBuilder> port(String ip, String protocol, int port) {
        return p -> p.editSpec()
                .editFirstContainer()
                .addNewPort()
                .withHostIP(ip)
                .withProtocol(protocol)
                .withHostPort(port)
                .withContainerPort(port)
                .endPort()
                .endContainer()
                .endSpec();
    }

    private static UnaryOperator<PodBuilder> spreads(int maxSkew, Integer minDomains) {
        return p -> p.editMetadata()
                .addToLabels("app", "x")
                .endMetadata()
                .editSpec()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(maxSkew)
                .withTopologyKey("zone")
                .withWhenUnsatisfiable("DoNotSchedule")
                .withMinDomains(minDomains)
                .withNewLabelSelector()
                .addToMatchLabels("app", "x")
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec();
    }

    private static UnaryOperator<PodBuilder> together(String app, String own) {
        return p -> p.editMetadata()
                .addToLabels("app", own)
                .endMetadata()
                .editSpec()
                .withNewAffinity()
                .withNewPodAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("zone")
                .withNewLabelSelector()
                .addToMatchLabels("app", app)
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAffinity()
                .endAffinity()
                .endSpec();
    }

    private static UnaryOperator<PodBuilder> away(String app) {
        return p -> p.editSpec()
                .withNewAffinity()
                .withNewPodAntiAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("zone")
                .withNewLabelSelector()
                .addToMatchLabels("app", app)
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec();
    }
}
