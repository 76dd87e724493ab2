/**
 * Requests and limits as the kernel wants them: quality of service, CPU shares and quota, OOM scores, cgroups v1 and v2.
 *
 * <p>In come resource lists of a pod; out go figures (pure), and cgroup directories, which only {@link
 * io.mizzen.kubelet.resource.Cgroups} touches. Safe for use from many threads: state lives in the kernel alone.
 */
@NullMarked
package io.mizzen.kubelet.resource;

import org.jspecify.annotations.NullMarked;
