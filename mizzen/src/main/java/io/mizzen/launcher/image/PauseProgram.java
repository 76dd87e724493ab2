// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * The program that holds a pod's namespaces: it sleeps, collects orphaned processes as process 1 of a shared PID
 * namespace must, and ends at once on SIGTERM or SIGINT. A static ELF file of 216 bytes, so that no compiler is needed.
 *
 * <p>SIGINT, SIGTERM and SIGCHLD are blocked and then waited for: a blocked signal reaches process 1 although it has no
 * handler, an unblocked one would be dropped by the kernel.
 */
final class PauseProgram {
    private static final long LOAD_ADDRESS = 0x400000;
    private static final int HEADERS = 64 + 56;
    private static final short MACHINE_X86_64 = 62;

    private static final String X86_64 = """
            68 02 40 01 00       ; push   0x14002           set of SIGINT, SIGTERM, SIGCHLD
            48 89 e3             ; mov    rbx, rsp
            31 ff                ; xor    edi, edi          SIG_BLOCK
            48 89 de             ; mov    rsi, rbx
            31 d2                ; xor    edx, edx
            41 ba 08 00 00 00    ; mov    r10d, 8
            b8 0e 00 00 00       ; mov    eax, 14           rt_sigprocmask
            0f 05                ; syscall
            48 89 df             ; wait: mov rdi, rbx
            31 f6                ; xor    esi, esi
            31 d2                ; xor    edx, edx          no time limit
            41 ba 08 00 00 00    ; mov    r10d, 8
            b8 80 00 00 00       ; mov    eax, 128          rt_sigtimedwait
            0f 05                ; syscall
            83 f8 11             ; cmp    eax, 17           SIGCHLD
            74 0d                ; je     reap
            85 c0                ; test   eax, eax
            78 e3                ; js     wait              interrupted
            31 ff                ; xor    edi, edi
            b8 3c 00 00 00       ; mov    eax, 60           exit
            0f 05                ; syscall
            48 c7 c7 ff ff ff ff ; reap: mov rdi, -1
            31 f6                ; xor    esi, esi
            ba 01 00 00 00       ; mov    edx, 1            WNOHANG
            45 31 d2             ; xor    r10d, r10d
            b8 3d 00 00 00       ; mov    eax, 61           wait4
            0f 05                ; syscall
            85 c0                ; test   eax, eax
            7f e4                ; jg     reap
            eb bc                ; jmp    wait
            """;

    /** The same in the shell of busybox, for machines that the code above is not for. */
    private static final String SCRIPT = """
            #!/bin/sh
            trap 'exit 0' INT TERM
            while :; do sleep 2147483647 & wait $!; done
            """;

    private PauseProgram() {}

    static byte[] x8664() {
        StringBuilder digits = new StringBuilder();
        X86_64.lines().forEach(line -> digits.append(line, 0, line.indexOf(';')));
        byte[] code = HexFormat.of().parseHex(digits.toString().replace(" ", ""));
        long size = HEADERS + code.length;
        ByteBuffer elf = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).put(new byte[9]);
        elf.putShort((short) 2).putShort(MACHINE_X86_64).putInt(1);
        elf.putLong(LOAD_ADDRESS + HEADERS).putLong(64).putLong(0);
        elf.putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
        elf.putShort((short) 64).putShort((short) 0).putShort((short) 0);
        // One segment, readable and executable, that holds the headers and the code.
        elf.putInt(1).putInt(5).putLong(0).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS);
        elf.putLong(size).putLong(size).putLong(0x1000);
        return elf.put(code).array();
    }

    static byte[] script() {
        return SCRIPT.getBytes(StandardCharsets.UTF_8);
    }
}
