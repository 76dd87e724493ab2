// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.util.ArrayList;
import java.util.List;

/**
 * SPDY/3.1 frames to bytes and back, by Netty's codec. Headers are compressed with a state that spans frames, so one
 * instance belongs to one connection; callers see to it that one thread at a time uses each direction.
 */
final class SpdyFrames {
    private static final int MAX_DATA = 1 << 16;

    private final EmbeddedChannel encoder = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1, false));
    private final EmbeddedChannel decoder = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1, false));

    /** The bytes that open a stream with one header. */
    byte[] open(int stream, String header, String value) {
        SpdySynStreamFrame frame = new DefaultSpdySynStreamFrame(stream, 0, (byte) 0);
        frame.headers().add(header, value);
        return encode(frame);
    }

    /** The bytes that carry data on a stream, in frames of bounded size; {@code last} closes this side of it. */
    byte[] data(int stream, byte[] bytes, int offset, boolean last) {
        ByteBuf all = Unpooled.buffer(bytes.length - offset + 16);
        int at = offset;
        do {
            int length = Math.min(MAX_DATA, bytes.length - at);
            DefaultSpdyDataFrame frame = new DefaultSpdyDataFrame(stream, Unpooled.wrappedBuffer(bytes, at, length));
            at += length;
            frame.setLast(last && at >= bytes.length);
            all.writeBytes(encode(frame));
        } while (at < bytes.length);
        return toBytes(all);
    }

    /** Any frame as bytes. */
    byte[] encode(Object frame) {
        encoder.writeOutbound(frame);
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf part = encoder.readOutbound(); part != null; part = encoder.readOutbound()) {
            all.writeBytes(part);
            part.release();
        }
        return toBytes(all);
    }

    private static byte[] toBytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        buffer.release();
        return bytes;
    }

    /** The frames that are complete with these bytes. */
    List<Object> decode(byte[] bytes) {
        decoder.writeInbound(Unpooled.wrappedBuffer(bytes));
        List<Object> frames = new ArrayList<>();
        for (Object frame = decoder.readInbound(); frame != null; frame = decoder.readInbound()) {
            frames.add(frame);
        }
        return frames;
    }

    /** Gives back the buffers of both directions. */
    void close() {
        encoder.finishAndReleaseAll();
        decoder.finishAndReleaseAll();
    }
}
