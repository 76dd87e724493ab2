// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class AnswerCacheTest {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final List<String> asked = new ArrayList<>();
    private Message next = new Message(1);
    private final AnswerCache cache = new AnswerCache(
            question -> {
                asked.add(question.getName() + " " + Type.string(question.getType()));
                return next;
            },
            () -> now);

    @Test
    void asksAgainOnlyWhenTheRecordsTimeIsOver() throws Exception {
        next = address(20);
        assertThat(ttl(ask("example.com."))).isEqualTo(20);

        now = now.plusSeconds(15);
        assertThat(ttl(ask("EXAMPLE.com."))).isEqualTo(5);
        assertThat(asked).hasSize(1);

        now = now.plusSeconds(5);
        assertThat(ttl(ask("example.com."))).isEqualTo(20);
        assertThat(asked).hasSize(2);
    }

    @Test
    void keepsNothingLongerThanHalfAMinute() throws Exception {
        next = address(86_400);
        ask("example.com.");

        now = now.plusSeconds(29);
        ask("example.com.");
        assertThat(asked).hasSize(1);
        now = now.plusSeconds(1);
        ask("example.com.");
        assertThat(asked).hasSize(2);
    }

    @Test
    void remembersForAsLongAsTheSoaSaysThatThereIsNothing() throws Exception {
        next = new Message(1);
        next.getHeader().setRcode(Rcode.NXDOMAIN);
        Name zone = Name.fromString("com.");
        next.addRecord(new SOARecord(zone, DClass.IN, 900, zone, zone, 1, 1, 1, 1, 10), Section.AUTHORITY);
        ask("nothing.com.");

        now = now.plusSeconds(9);
        assertThat(ask("nothing.com.").getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(asked).hasSize(1);
        now = now.plusSeconds(1);
        ask("nothing.com.");
        assertThat(asked).hasSize(2);
    }

    @Test
    void doesNotRememberFailuresNorRecordsWithoutTime() throws Exception {
        next = new Message(1);
        next.getHeader().setRcode(Rcode.SERVFAIL);
        ask("example.com.");
        ask("example.com.");
        assertThat(asked).hasSize(2);

        next = address(0);
        ask("example.com.");
        ask("example.com.");
        assertThat(asked).hasSize(4);
    }

    @Test
    void forgetsTheLeastUsedWhenItIsFull() throws Exception {
        next = address(30);
        ask("first.com.");
        for (int i = 0; i < AnswerCache.MAX_ENTRIES; i++) {
            ask("n" + i + ".com.");
        }
        asked.clear();

        ask("n" + (AnswerCache.MAX_ENTRIES - 1) + ".com.");
        assertThat(asked).isEmpty();
        ask("first.com.");
        assertThat(asked).hasSize(1);
    }

    private Message ask(String name) throws Exception {
        return cache.apply(Record.newRecord(Name.fromString(name), Type.A, DClass.IN));
    }

    private static long ttl(Message answer) {
        return answer.getSection(Section.ANSWER).getFirst().getTTL();
    }

    private static Message address(long ttl) throws Exception {
        Message answer = new Message(1);
        answer.addRecord(
                new ARecord(Name.fromString("example.com."), DClass.IN, ttl, InetAddress.ofLiteral("192.0.2.7")),
                Section.ANSWER);
        return answer;
    }
}
