using Microsoft.Extensions.Hosting;

namespace Mailbox.Hosting;

/// <summary>A host that cannot go on as it is asks to be built and started anew, in the same process. Thread-safe.</summary>
public sealed class StartAgain(IHostApplicationLifetime life)
{
    /// <summary>Whether it was asked for.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>Stops the host.</summary>
    public void Ask()
    {
        IsAsked = true;
        life.StopApplication();
    }
}
