// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Remembers what name servers outside have answered: for as long as the records say, but at most 30 s as CoreDNS does in a
 * cluster, and at most {@value #MAX_ENTRIES} answers, the least used of which goes first. That there is nothing is remembered as
 * the SOA says; failures are not. Thread-safe; asks without holding the lock.
 */
final class AnswerCache implements Function<Record, Message> {
    static final int MAX_ENTRIES = 1000;
    private static final long MAX_SECONDS = 30;

    private record Question(String name, int type) {}

    private record Kept(Message answer, Instant since, Instant until) {}

    private final Function<Record, Message> upstream;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Question, Kept> answers = new LinkedHashMap<>(16, 0.75f, true);

    AnswerCache(Function<Record, Message> upstream, InstantSource clock) {
        this.upstream = upstream;
        this.clock = clock;
    }

    @Override
    public Message apply(Record question) {
        Question key = new Question(question.getName().toString().toLowerCase(Locale.ROOT), question.getType());
        Kept kept = find(key);
        if (kept != null) {
            return aged(kept);
        }
        Message answer = upstream.apply(question);
        long seconds = lifetime(answer);
        if (seconds > 0) {
            Instant now = clock.instant();
            keep(key, new Kept(answer, now, now.plusSeconds(seconds)));
        }
        return answer;
    }

    private @Nullable Kept find(Question key) {
        lock.lock();
        try {
            Kept kept = answers.get(key);
            if (kept != null && !clock.instant().isBefore(kept.until())) {
                answers.remove(key);
                return null;
            }
            return kept;
        } finally {
            lock.unlock();
        }
    }

    private void keep(Question key, Kept kept) {
        lock.lock();
        try {
            answers.put(key, kept);
            if (answers.size() > MAX_ENTRIES) {
                answers.remove(answers.keySet().iterator().next());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Seconds that an answer may be kept; 0 for not at all. */
    private static long lifetime(Message answer) {
        boolean isPositive = answer.getRcode() == Rcode.NOERROR
                && !answer.getSection(Section.ANSWER).isEmpty();
        if (isPositive) {
            return Stream.concat(
                            answer.getSection(Section.ANSWER).stream(), answer.getSection(Section.AUTHORITY).stream())
                    .mapToLong(Record::getTTL)
                    .reduce(MAX_SECONDS, Math::min);
        }
        if (answer.getRcode() != Rcode.NOERROR && answer.getRcode() != Rcode.NXDOMAIN) {
            return 0;
        }
        return answer.getSection(Section.AUTHORITY).stream()
                .filter(SOARecord.class::isInstance)
                .map(SOARecord.class::cast)
                .mapToLong(soa -> Math.min(MAX_SECONDS, Math.min(soa.getTTL(), soa.getMinimum())))
                .findFirst()
                .orElse(0);
    }

    /** The answer with what is left of its records' times. */
    private Message aged(Kept kept) {
        long age = Duration.between(kept.since(), clock.instant()).toSeconds();
        Message answer = new Message(kept.answer().getHeader().getID());
        answer.getHeader().setRcode(kept.answer().getRcode());
        for (int section : List.of(Section.ANSWER, Section.AUTHORITY, Section.ADDITIONAL)) {
            for (Record record : kept.answer().getSection(section)) {
                if (record.getType() != Type.OPT) {
                    answer.addRecord(withTtl(record, Math.max(0, record.getTTL() - age)), section);
                }
            }
        }
        return answer;
    }

    private static Record withTtl(Record record, long ttl) {
        return Record.newRecord(
                record.getName(), record.getType(), record.getDClass(), ttl, record.rdataToWireCanonical());
    }
}
