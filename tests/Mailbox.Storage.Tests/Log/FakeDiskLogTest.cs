using Mailbox.Storage.Journal;
using Mailbox.Storage.Tests.Journal;

namespace Mailbox.Storage.Tests.Log;

/// <summary>Tests of a log in a directory on a <see cref="FakeDisk"/>.</summary>
public abstract class FakeDiskLogTest
{
    protected const string First = "00000001.segment";

    private protected FakeDisk Disk { get; } = new();

    private protected List<string> Notices { get; } = [];

    private protected DirectoryLog Open(int segmentBytes = 64 << 10, long reserveBytes = 0) => Open(Disk, segmentBytes, reserveBytes);

    private protected DirectoryLog Open(FakeDisk disk, int segmentBytes = 64 << 10, long reserveBytes = 0) => DirectoryLog.Open(new()
    {
        Directory = "/fake",
        Files = disk,
        SegmentBytes = segmentBytes,
        ReserveBytes = reserveBytes,
        Notice = Notices.Add,
    });

    /// <summary>Opens the log and reads it.</summary>
    private protected async Task<LogDriver> StartAsync(int segmentBytes = 64 << 10, long reserveBytes = 0) =>
        await LogDriver.StartAsync(Open(segmentBytes, reserveBytes));

    /// <summary>The log is opened, read and left as a crash leaves it.</summary>
    private protected async Task<LogRecording> ReadAndAbandonAsync(int segmentBytes = 64 << 10)
    {
        var log = Open(segmentBytes);
        try
        {
            var recording = new LogRecording();
            await log.ReadAsync(0, null, recording);
            return recording;
        }
        finally
        {
            log.Abandon();
        }
    }

    /// <summary>Opening and reading is refused, and changes nothing on the disk.</summary>
    private protected async Task<JournalDamagedException> RefusedAsync(int segmentBytes = 64 << 10)
    {
        var before = Disk.Names().Order(StringComparer.Ordinal).Select(name => (name, Convert.ToHexString(Disk[name].Bytes))).ToList();
        var damage = await Xunit.Assert.ThrowsAsync<JournalDamagedException>(() => ReadAndAbandonAsync(segmentBytes));
        Xunit.Assert.Equal(before, Disk.Names().Order(StringComparer.Ordinal).Select(name => (name, Convert.ToHexString(Disk[name].Bytes))));
        return damage;
    }

    /// <summary>The bytes of the first segment up to where the zeroes begin that were written beforehand.</summary>
    private protected byte[] WrittenBytes()
    {
        var segment = new Segment(1, BitConverter.ToUInt32(Disk[First].Bytes[24..]), Disk.Open(First));
        var scanner = new FrameScanner(segment, FileHeader.Size, Disk[First].Length);
        while (scanner.Peek() is { } frame) scanner.Pass(frame);
        return Disk[First].Bytes[..(int)scanner.Offset].ToArray();
    }

    /// <summary>The first segment has these bytes and no others.</summary>
    private protected void Overwrite(ReadOnlySpan<byte> bytes)
    {
        Disk[First].SetLength(0);
        Disk[First].Write(bytes, 0);
    }

    private protected static void Fail(bool fails)
    {
        if (fails) throw new IOException("The power is gone.");
    }
}
