/**
 * The history of templates as ControllerRevisions, shared by DaemonSet and StatefulSet. In: an owner, its revisions, the
 * present content. Out: the revision of that content, made if there is none; old ones deleted.
 */
@NullMarked
package io.mizzen.controller.revision;

import org.jspecify.annotations.NullMarked;
