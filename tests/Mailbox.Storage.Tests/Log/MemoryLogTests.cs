using Xunit;

namespace Mailbox.Storage.Tests.Log;

public sealed class MemoryLogTests(ITestOutputHelper output) : SharedLogContract(output)
{
    readonly MemoryMedium _medium = new(partitions: 4);

    internal override ValueTask<ILog> OpenAsync() => new(new MemoryLog(_medium));
}
