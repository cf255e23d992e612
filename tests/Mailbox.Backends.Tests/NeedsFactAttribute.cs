namespace Mailbox.Backends.Tests;

/// <summary>A test that needs a program. Without it the test is skipped with the reason, but in continuous integration it fails.</summary>
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(string program, string package)
    {
        var property = typeof(Installed).GetProperty(program)!;
        if (property.GetValue(null) is null && Environment.GetEnvironmentVariable("CI") != "true") Skip = $"There is no {program}: apt-get install {package}";
    }
}
