using Mailbox.Storage.Journal;

namespace Mailbox.Storage.Tests.Journal;

/// <summary>Tests of a journal on a <see cref="FakeDisk"/>.</summary>
public abstract class FakeDiskTest
{
    internal FakeDisk Disk { get; } = new();

    internal List<string> Notices { get; } = [];

    internal JournalStore Open(int segmentBytes = 64 << 10, long reserveBytes = 0) => Open(Disk, segmentBytes, reserveBytes);

    internal JournalStore Open(FakeDisk disk, int segmentBytes = 64 << 10, long reserveBytes = 0) => JournalStore.Open(
        new()
        {
            Directory = "/fake",
            Files = disk,
            SegmentBytes = segmentBytes,
            SnapshotBytes = 1,
            ReserveBytes = reserveBytes,
            RunsUpkeep = false,
            Notice = Notices.Add,
        },
        new FakeTimeProvider(StoreDriver.Noon));
}
