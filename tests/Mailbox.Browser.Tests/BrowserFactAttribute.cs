using Xunit;

namespace Mailbox.Browser.Tests;

/// <summary>A test that needs Chromium. Without it the test is skipped with the reason, but in continuous integration it fails.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Chromium.WhyNot;
}
