/**
 * The store that several API servers share: an etcd cluster of version 3.4 or later, spoken to by jetcd.
 *
 * <p>In come the calls of {@link io.mizzen.apiserver.storage.Storage}; out go etcd transactions that each compare the key's
 * revision, so that none does harm when its answer is lost. Nothing is retried here. The only package that sees jetcd.
 *
 * <p>Threads: callers block with a timeout; {@code etcd-watch} calls all listeners (jetcd's own call-backs only hand over);
 * {@code etcd-upkeep} connects anew after an outage and compacts.
 */
@NullMarked
package io.mizzen.apiserver.storage.etcd;

import org.jspecify.annotations.NullMarked;
