// The smallest program that a C library can make: what rows with exec start.
int main(void)
{
	return 0;
}
