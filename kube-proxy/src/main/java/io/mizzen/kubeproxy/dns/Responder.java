// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** From a query to its answer: from the zone, or from upstream for names of others. Thread-safe. */
final class Responder {
    private static final int MAX_ALIASES = 8;
    private static final int UDP_SIZE = 1232;

    private final ClusterZone zone;
    private final Function<Record, Message> upstream;
    private final RandomGenerator random;

    /** {@code random} turns the order of addresses, so that clients that take the first one spread. */
    Responder(ClusterZone zone, Function<Record, Message> upstream, RandomGenerator random) {
        this.zone = zone;
        this.upstream = upstream;
        this.random = random;
    }

    /** The answer to a query that could be read. */
    Message respond(Message query) {
        Message answer = new Message(query.getHeader().getID());
        answer.getHeader().setFlag(Flags.QR);
        answer.getHeader().setOpcode(query.getHeader().getOpcode());
        if (query.getHeader().getFlag(Flags.RD)) {
            answer.getHeader().setFlag(Flags.RD);
        }
        answer.getHeader().setFlag(Flags.RA);
        Record question = query.getQuestion();
        if (query.getHeader().getOpcode() != Opcode.QUERY) {
            answer.getHeader().setRcode(Rcode.NOTIMP);
        } else if (question == null || query.getSection(Section.QUESTION).size() != 1) {
            answer.getHeader().setRcode(Rcode.FORMERR);
        } else {
            answer.addRecord(question, Section.QUESTION);
            fill(answer, question, question.getName(), 0);
        }
        OPTRecord options = query.getOPT();
        if (options != null) {
            int extended = options.getVersion() > 0 ? Rcode.BADVERS >> 4 : 0;
            answer.addRecord(new OPTRecord(UDP_SIZE, extended, 0), Section.ADDITIONAL);
        }
        return answer;
    }

    /** How many bytes an answer to this query may have over UDP. */
    static int udpSize(Message query) {
        OPTRecord options = query.getOPT();
        return options == null ? 512 : Math.clamp(options.getPayloadSize(), 512, UDP_SIZE);
    }

    /** A refusal, for askers that are not of this cluster. */
    static Message refusal(Message query) {
        Message answer = new Message(query.getHeader().getID());
        answer.getHeader().setFlag(Flags.QR);
        answer.getHeader().setRcode(Rcode.REFUSED);
        Record question = query.getQuestion();
        if (question != null) {
            answer.addRecord(question, Section.QUESTION);
        }
        return answer;
    }

    private void fill(Message answer, Record question, Name name, int aliases) {
        if (question.getDClass() != DClass.IN) {
            answer.getHeader().setRcode(Rcode.REFUSED);
            return;
        }
        switch (zone.answer(name, question.getType())) {
            case ZoneAnswer.Found found -> {
                authoritative(answer, aliases);
                shuffled(found.answers()).forEach(record -> answer.addRecord(record, Section.ANSWER));
                found.additional().forEach(record -> answer.addRecord(record, Section.ADDITIONAL));
            }
            case ZoneAnswer.Alias alias -> {
                authoritative(answer, aliases);
                answer.addRecord(alias.cname(), Section.ANSWER);
                if (question.getType() != Type.CNAME && aliases < MAX_ALIASES) {
                    fill(answer, question, alias.target(), aliases + 1);
                }
            }
            case ZoneAnswer.NoData ignored -> {
                authoritative(answer, aliases);
                answer.addRecord(zone.authority(), Section.AUTHORITY);
            }
            case ZoneAnswer.NoName ignored -> {
                authoritative(answer, aliases);
                answer.getHeader().setRcode(Rcode.NXDOMAIN);
                answer.addRecord(zone.authority(), Section.AUTHORITY);
            }
            case ZoneAnswer.NotOurs ignored -> forward(answer, Record.newRecord(name, question.getType(), DClass.IN));
        }
    }

    private void forward(Message answer, Record question) {
        Message theirs = upstream.apply(question);
        answer.getHeader().setRcode(theirs.getRcode());
        theirs.getSection(Section.ANSWER).forEach(record -> answer.addRecord(record, Section.ANSWER));
        theirs.getSection(Section.AUTHORITY).forEach(record -> answer.addRecord(record, Section.AUTHORITY));
        for (Record record : theirs.getSection(Section.ADDITIONAL)) {
            if (record.getType() != Type.OPT) {
                answer.addRecord(record, Section.ADDITIONAL);
            }
        }
    }

    private static void authoritative(Message answer, int aliases) {
        if (aliases == 0) {
            answer.getHeader().setFlag(Flags.AA);
        }
    }

    private List<Record> shuffled(List<Record> records) {
        List<Record> order = new ArrayList<>(records);
        Collections.shuffle(order, random);
        return order;
    }
}
