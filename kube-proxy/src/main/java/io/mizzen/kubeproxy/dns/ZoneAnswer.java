// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/** What the cluster's zone says to a question. */
public sealed interface ZoneAnswer {
    /**
     * The name has such records.
     *
     * @param answers the records asked for
     * @param additional addresses that the asker will want next
     */
    record Found(List<Record> answers, List<Record> additional) implements ZoneAnswer {
        /** Copies the lists. */
        public Found {
            answers = List.copyOf(answers);
            additional = List.copyOf(additional);
        }
    }

    /** The name is another's: an ExternalName Service. */
    record Alias(Record cname, Name target) implements ZoneAnswer {}

    /** The name exists, but has no such records. */
    record NoData() implements ZoneAnswer {}

    /** There is no such name. */
    record NoName() implements ZoneAnswer {}

    /** The name belongs to somebody else. */
    record NotOurs() implements ZoneAnswer {}
}
