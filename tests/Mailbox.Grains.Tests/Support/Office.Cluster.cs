using Mailbox.Grains.Tests;

namespace Mailbox.Engine.Tests;

/// <summary>The engine is in a silo, and what it is asked goes through a gateway that is another silo.</summary>
sealed partial class Office
{
    static Grid? s_former;

    Grid? _around;

    partial void Surround()
    {
        s_former?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _around = s_former = Grains.Tests.Grid.StartAsync(Engine).GetAwaiter().GetResult();
        Grid = _around.Mailboxes;
    }

    partial void Listen(ref bool isQuiet)
    {
        isQuiet = _around?.IsQuiet ?? true;
    }
}
