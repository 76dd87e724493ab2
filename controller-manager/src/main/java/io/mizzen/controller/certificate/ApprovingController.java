// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestSpec;
import io.mizzen.api.certificate.CertificateRequest;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Approves client certificates of nodes where the requester has the right to ask for them, and serving certificates that a
 * node asks for itself with nothing in them but its name and its registered addresses. The name of a node that lives is not given
 * to another holder of a bootstrap token, nor anybody's address to somebody else: such requests wait for a person.
 */
public final class ApprovingController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(ApprovingController.class);
    private static final ObjectKey API_SERVER = new ObjectKey("default", "kubernetes");
    private static final String NAME = "certificatesigningrequest-approving-controller";
    private static final String PATH = "/apis/certificates.k8s.io/v1/certificatesigningrequests/";

    private final ControllerContext context;
    private final Informer<CertificateSigningRequest> requests;
    private final Informer<Node> nodes;
    private final Informer<Endpoints> endpoints;
    private final Informer<Service> services;
    private final ControllerLoop<String> loop;

    /** Asks for its informers and waits to be started. */
    public ApprovingController(ControllerContext context) {
        this.context = context;
        this.requests = context.informers().of(CertificateSigningRequest.class);
        this.nodes = context.informers().of(Node.class);
        this.endpoints = context.informers().of(Endpoints.class);
        this.services = context.informers().of(Service.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 2, this::reconcile);
        requests.onChange(
                ChangeHandler.of(request -> queue.add(request.getMetadata().getName())));
        // A serving certificate may be asked for before its node tells the address in it, and a client certificate
        // while
        // the node's predecessor still counts as alive.
        nodes.onChange(ChangeHandler.of(node -> requests.list().stream()
                .filter(request -> RequestRules.conditions(request).isEmpty())
                .forEach(request -> queue.add(request.getMetadata().getName()))));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(String name) {
        Optional<CertificateSigningRequest> found = requests.find(ObjectKey.cluster(name));
        if (found.isEmpty() || !RequestRules.conditions(found.get()).isEmpty() || RequestRules.isIssued(found.get())) {
            return Result.done();
        }
        CertificateSigningRequest request = found.get();
        CertificateRequest wanted = CertificateRequest.parse(
                Base64.getDecoder().decode(request.getSpec().getRequest()));
        Optional<Node> node = RequestRules.nodeOf(wanted).flatMap(each -> nodes.find(ObjectKey.cluster(each)));
        List<RequestRules.Approval> approvals = RequestRules.approvals(request, wanted);
        boolean isSelf = approvals.contains(RequestRules.Approval.SELF_NODE_CLIENT);
        if (!approvals.isEmpty()
                && !isSelf
                && node.filter(RequestRules::isAlive).isPresent()) {
            log.warn("Request {} wants the name of a node that lives: somebody has to approve it", name);
            return Result.done();
        }
        for (RequestRules.Approval approval : approvals) {
            if (isAllowed(request.getSpec(), approval.subresource())) {
                approve(request, approval.message());
                return Result.done();
            }
        }
        if (!approvals.isEmpty()) {
            throw new IllegalStateException(
                    "recognized csr \"" + name + "\" as " + approvals + " but subject access review was not approved");
        }
        if (RequestRules.isOwnServing(request, wanted, node, foreignAddresses(wanted))) {
            approve(request, "Auto approving kubelet serving certificate of the node itself.");
        }
        return Result.done();
    }

    private Set<String> foreignAddresses(CertificateRequest wanted) {
        Set<String> foreign = new HashSet<>();
        nodes.list().stream()
                .filter(node -> !RequestRules.nodeOf(wanted)
                        .equals(Optional.of(node.getMetadata().getName())))
                .forEach(node -> foreign.addAll(RequestRules.addresses(node)));
        endpoints.find(API_SERVER).map(Endpoints::getSubsets).orElse(List.of()).stream()
                .flatMap(subset -> subset.getAddresses().stream())
                .forEach(address -> foreign.add(address.getIp()));
        services.list().forEach(service -> foreign.add(service.getSpec().getClusterIP()));
        return foreign;
    }

    private boolean isAllowed(CertificateSigningRequestSpec asker, String subresource) {
        ObjectNode review = Json.object();
        review.put("apiVersion", "authorization.k8s.io/v1").put("kind", "SubjectAccessReview");
        ObjectNode spec = review.putObject("spec").put("user", asker.getUsername());
        if (asker.getUid() != null) {
            spec.put("uid", asker.getUid());
        }
        spec.set("groups", Json.tree(asker.getGroups() == null ? List.of() : asker.getGroups()));
        if (asker.getExtra() != null && !asker.getExtra().isEmpty()) {
            spec.set("extra", Json.tree(asker.getExtra()));
        }
        spec.putObject("resourceAttributes")
                .put("group", "certificates.k8s.io")
                .put("resource", "certificatesigningrequests")
                .put("subresource", subresource)
                .put("verb", "create");
        return context.api()
                .dynamic()
                .send("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
                .path("status")
                .path("allowed")
                .asBoolean(false);
    }

    private void approve(CertificateSigningRequest request, String message) {
        ObjectNode tree = Json.tree(request);
        tree.withObject("/status")
                .withArray("conditions")
                .addObject()
                .put("type", "Approved")
                .put("status", "True")
                .put("reason", "AutoApproved")
                .put("message", message);
        String name = request.getMetadata().getName();
        context.api().dynamic().send("PUT", PATH + name + "/approval", tree);
    }
}
